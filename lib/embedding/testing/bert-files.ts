import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { DIMENSIONS } from '../hashing.js';

/** Tokens that come first in every vocabulary. */
export const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/** Writes the files of a BERT model in the layout of the hub: `onnx` is its graph, `vocabulary` begins with {@link SPECIAL_TOKENS}. */
export function writeBertFiles(
  modelsFolder: string,
  modelName: string,
  vocabulary: readonly string[],
  onnx: Uint8Array,
): void {
  const files: Record<string, string | Uint8Array> = {
    'config.json': JSON.stringify({
      model_type: 'bert',
      architectures: ['BertModel'],
      hidden_size: DIMENSIONS,
    }),
    'tokenizer_config.json': JSON.stringify({
      tokenizer_class: 'BertTokenizer',
      do_lower_case: true,
      model_max_length: 512,
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
    }),
    'tokenizer.json': JSON.stringify(tokenizer(vocabulary)),
    'onnx/model_quantized.onnx': onnx,
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(modelsFolder, modelName, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

function tokenizer(vocabulary: readonly string[]): unknown {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
      pair: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  };
}

/** The part of onnx.proto3 that the graph needs. */
const ONNX = `syntax = "proto3";
message Model { int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated OperatorSet opset_import = 8; }
message OperatorSet { string domain = 1; int64 version = 2; }
message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated Value input = 11; repeated Value output = 12; }
message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated Attribute attribute = 5; }
message Attribute { string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Value { string name = 1; Type type = 2; }
message Type { TensorType tensor_type = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Shape { repeated Dimension dim = 1; }
message Dimension { oneof kind { int64 dim_value = 1; string dim_param = 2; } }`;

/** Types of numbers of a tensor, and of a node's attributes. */
export const FLOAT = 1;
export const UINT8 = 2;
export const INT8 = 3;
export const INT64 = 7;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

export interface OnnxNode {
  op_type: string;
  input: string[];
  output: string[];
  attribute?: object[];
}

export interface OnnxTensor {
  name: string;
  dims: number[];
  data_type: number;
  raw_data: Uint8Array;
}

/** An attribute of a node: an integer, a list of them, or with `float` a number. */
export const attribute = (name: string, value: number | number[], float = false): object =>
  Array.isArray(value)
    ? { name, ints: value, type: ATTRIBUTE_INTS }
    : float
      ? { name, f: value, type: ATTRIBUTE_FLOAT }
      : { name, i: value, type: ATTRIBUTE_INT };

/** A model with the inputs and the output of BERT: ids, mask and types of tokens to `last_hidden_state`. */
export function bertOnnx(nodes: OnnxNode[], initializer: OnnxTensor[], opset: number): Uint8Array {
  const Model = protobuf.parse(ONNX, { keepCase: true }).root.lookupType('Model');
  const value = (name: string, elem_type: number, dims: (string | number)[]) => ({
    name,
    type: {
      tensor_type: {
        elem_type,
        shape: {
          dim: dims.map((dim) => (typeof dim === 'number' ? { dim_value: dim } : { dim_param: dim })),
        },
      },
    },
  });
  const ids = ['batch', 'sequence'];
  return Model.encode(
    Model.create({
      ir_version: 7,
      producer_name: 'vectadb',
      opset_import: [{ domain: '', version: opset }],
      graph: {
        name: 'bert',
        initializer,
        input: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => value(name, INT64, ids)),
        node: nodes,
        output: [value('last_hidden_state', FLOAT, [...ids, DIMENSIONS])],
      },
    }),
  ).finish();
}

/** xorshift32: the same numbers everywhere, in [-1, 1). */
export function pseudoRandom(seed: number): () => number {
  let state = seed * 2_654_435_761 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state | 0) / 2 ** 31;
  };
}
