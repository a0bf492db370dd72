import { DIMENSIONS } from '../hashing.js';
import {
  attribute,
  bertOnnx,
  FLOAT,
  type OnnxTensor,
  pseudoRandom,
  SPECIAL_TOKENS,
  writeBertFiles,
} from './bert-files.js';

/**
 * A BERT-like model small enough to be made on the spot, so that tests run the code that loads a real one: WordPiece
 * tokenizer over letters and a few words, one embedding table of fixed pseudo-random numbers, and each position's
 * output its own row plus the mean of all rows that are no padding. It knows no meaning; texts that share words get close vectors.
 */
export function writeTinyModel(modelsFolder: string, modelName: string, seed = 1): void {
  const vocabulary = makeVocabulary();
  writeBertFiles(modelsFolder, modelName, vocabulary, onnx(vocabulary.length, seed));
}

const WORDS = 'database connection timeout error search weather tool called the failed';

function makeVocabulary(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
  const marks = [...'.,:;!?()[]{}"\'-_/=+*#@'];
  return [
    ...SPECIAL_TOKENS,
    ...marks,
    ...letters,
    ...letters.map((letter) => `##${letter}`),
    ...WORDS.split(' '),
  ];
}

function onnx(rows: number, seed: number): Uint8Array {
  const nodes = [
    { op_type: 'Gather', input: ['table', 'input_ids'], output: ['embedded'] },
    { op_type: 'Cast', input: ['attention_mask'], output: ['mask'], attribute: [attribute('to', FLOAT)] },
    { op_type: 'Unsqueeze', input: ['mask'], output: ['weight'], attribute: [attribute('axes', [2])] },
    { op_type: 'Mul', input: ['embedded', 'weight'], output: ['masked'] },
    { op_type: 'ReduceSum', input: ['masked'], output: ['sum'], attribute: sumOverWords },
    { op_type: 'ReduceSum', input: ['weight'], output: ['count'], attribute: sumOverWords },
    { op_type: 'Div', input: ['sum', 'count'], output: ['average'] },
    { op_type: 'Add', input: ['embedded', 'average'], output: ['last_hidden_state'] },
  ];
  return bertOnnx(nodes, [table(rows, seed)], 11);
}

const sumOverWords = [attribute('axes', [1]), attribute('keepdims', 1)];

/** Row 0, the padding, is zero. */
function table(rows: number, seed: number): OnnxTensor {
  const next = pseudoRandom(seed);
  const numbers = new Float32Array(rows * DIMENSIONS);
  for (let at = DIMENSIONS; at < numbers.length; at++) numbers[at] = next();
  return {
    name: 'table',
    dims: [rows, DIMENSIONS],
    data_type: FLOAT,
    raw_data: new Uint8Array(numbers.buffer),
  };
}
