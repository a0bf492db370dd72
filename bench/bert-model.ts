import {
  attribute,
  bertOnnx,
  FLOAT,
  INT8,
  INT64,
  type OnnxNode,
  type OnnxTensor,
  pseudoRandom,
  SPECIAL_TOKENS,
  writeBertFiles,
} from '../lib/embedding/testing/bert-files.js';

/** Sizes that all small BERT models of 384 dimensions share; MiniLM-L6 has 6 layers, bge-small-en-v1.5 12. */
const HIDDEN = 384;
const HEADS = 12;
const INNER = 1_536;
const VOCABULARY = 30_522;
const POSITIONS = 512;

export interface BertShape {
  layers: number;
  /** Weights of matrices as 8-bit integers, and what they are multiplied with quantised on the way, as the hub's quantised models do. */
  quantised: boolean;
  /** Words that are one token each, as the common ones are in a real vocabulary. */
  words: readonly string[];
}

/**
 * Writes a model of the shape of a real one, with random weights: it takes the time and the memory of a real one, and its vectors mean
 * nothing.
 */
export function writeBertModel(modelsFolder: string, modelName: string, shape: BertShape): void {
  const graph = new Graph(shape.quantised);
  const last = encoder(graph, shape.layers);
  graph.node('Identity', [last], 'last_hidden_state');
  writeBertFiles(
    modelsFolder,
    modelName,
    vocabularyOf(shape.words),
    bertOnnx(graph.nodes, graph.tensors, 17),
  );
}

function vocabularyOf(words: readonly string[]): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
  const marks = [...'.,:;!?()[]{}"\'-_/=+*#@%$'];
  const tokens = new Set([
    ...SPECIAL_TOKENS,
    ...marks,
    ...letters,
    ...letters.map((letter) => `##${letter}`),
    ...words.map((word) => word.toLowerCase()),
  ]);
  for (let n = 0; tokens.size < VOCABULARY; n++) tokens.add(`[unused${n}]`);
  return [...tokens];
}

/** Nodes and weights as they are added; names are given by their number. */
class Graph {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  private readonly next = pseudoRandom(7);
  private named = 0;

  constructor(private readonly quantised: boolean) {}

  node(
    op_type: string,
    input: string[],
    output: string | string[] = this.name(),
    attributes: object[] = [],
  ): string {
    const outputs = [output].flat();
    this.nodes.push({ op_type, input, output: outputs, attribute: attributes });
    return outputs[0]!;
  }

  ints(...values: number[]): string {
    return this.tensor([values.length], INT64, new BigInt64Array(values.map(BigInt)));
  }

  scalar(value: number): string {
    return this.tensor([], FLOAT, new Float32Array([value]));
  }

  floats(dims: number[], scale = 0.05, offset = 0): string {
    const values = new Float32Array(dims.reduce((a, b) => a * b, 1));
    for (let at = 0; at < values.length; at++) values[at] = offset + scale * this.next();
    return this.tensor(dims, FLOAT, values);
  }

  /** x · W + b, of `from` to `to` dimensions. */
  linear(x: string, from: number, to: number): string {
    return this.node('Add', [
      this.quantised ? this.integerProduct(x, from, to) : this.node('MatMul', [x, this.floats([from, to])]),
      this.floats([to]),
    ]);
  }

  layerNorm(x: string): string {
    const norm = [x, this.floats([HIDDEN], 0.1, 1), this.floats([HIDDEN])];
    return this.node('LayerNormalization', norm, undefined, [
      attribute('axis', -1),
      attribute('epsilon', 1e-12, true),
    ]);
  }

  private integerProduct(x: string, from: number, to: number): string {
    const [values, scale, zero] = [this.name(), this.name(), this.name()];
    this.node('DynamicQuantizeLinear', [x], [values, scale, zero]);
    const weights = new Int8Array(from * to);
    for (let at = 0; at < weights.length; at++) weights[at] = Math.round(127 * this.next());
    const weight = this.tensor([from, to], INT8, weights);
    const weightZero = this.tensor([], INT8, new Int8Array(1));
    const product = this.node('MatMulInteger', [values, weight, zero, weightZero]);
    const asFloat = this.node('Cast', [product], undefined, [attribute('to', FLOAT)]);
    return this.node('Mul', [asFloat, this.node('Mul', [scale, this.scalar(0.05 / 127)])]);
  }

  private tensor(dims: number[], data_type: number, data: ArrayBufferView): string {
    const name = this.name();
    const raw_data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.tensors.push({ name, dims, data_type, raw_data });
    return name;
  }

  private name(): string {
    return `t${this.named++}`;
  }
}

/** https://arxiv.org/abs/1810.04805: embeddings, then so many layers of attention and two dense ones. Returns the last state. */
function encoder(graph: Graph, layers: number): string {
  const words = graph.node('Gather', [graph.floats([VOCABULARY, HIDDEN]), 'input_ids']);
  const types = graph.node('Gather', [graph.floats([2, HIDDEN]), 'token_type_ids']);
  const length = graph.node('Gather', [graph.node('Shape', ['input_ids']), graph.ints(1)]);
  const positions = graph.node('Slice', [
    graph.floats([POSITIONS, HIDDEN]),
    graph.ints(0),
    length,
    graph.ints(0),
  ]);
  let x = graph.layerNorm(graph.node('Add', [graph.node('Add', [words, types]), positions]));
  const mask = graph.node('Cast', ['attention_mask'], undefined, [attribute('to', FLOAT)]);
  const missing = graph.node('Mul', [graph.node('Sub', [graph.scalar(1), mask]), graph.scalar(-10_000)]);
  const bias = graph.node('Unsqueeze', [missing, graph.ints(1, 2)]);
  for (let layer = 0; layer < layers; layer++) x = layerOf(graph, x, bias);
  return x;
}

function layerOf(graph: Graph, x: string, bias: string): string {
  const heads = (perm: number[]) => {
    const split = graph.node('Reshape', [
      graph.linear(x, HIDDEN, HIDDEN),
      graph.ints(0, 0, HEADS, HIDDEN / HEADS),
    ]);
    return graph.node('Transpose', [split], undefined, [attribute('perm', perm)]);
  };
  const scores = graph.node('MatMul', [heads([0, 2, 1, 3]), heads([0, 2, 3, 1])]);
  const scaled = graph.node('Mul', [scores, graph.scalar(1 / Math.sqrt(HIDDEN / HEADS))]);
  const shares = graph.node('Softmax', [graph.node('Add', [scaled, bias])], undefined, [
    attribute('axis', -1),
  ]);
  const mixed = graph.node('MatMul', [shares, heads([0, 2, 1, 3])]);
  const joined = graph.node('Transpose', [mixed], undefined, [attribute('perm', [0, 2, 1, 3])]);
  const context = graph.node('Reshape', [joined, graph.ints(0, 0, HIDDEN)]);
  const attended = graph.layerNorm(graph.node('Add', [graph.linear(context, HIDDEN, HIDDEN), x]));
  const inner = graph.linear(attended, HIDDEN, INNER);
  // GELU
  const erf = graph.node('Erf', [graph.node('Div', [inner, graph.scalar(Math.SQRT2)])]);
  const gate = graph.node('Mul', [inner, graph.node('Add', [erf, graph.scalar(1)])]);
  const activated = graph.node('Mul', [gate, graph.scalar(0.5)]);
  return graph.layerNorm(graph.node('Add', [graph.linear(activated, INNER, HIDDEN), attended]));
}
