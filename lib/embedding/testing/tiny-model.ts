import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { DIMENSIONS } from '../hashing.js';

/**
 * A BERT-like model small enough to be made on the spot, so that tests run the code that loads a real one: WordPiece
 * tokenizer over letters and a few words, one embedding table of fixed pseudo-random numbers, and each position's
 * output its own row plus the mean of all rows that are no padding. It knows no meaning; texts that share words get close vectors.
 */
export function writeTinyModel(modelsFolder: string, modelName: string, seed = 1): void {
  const vocabulary = makeVocabulary();
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
    'onnx/model_quantized.onnx': onnx(vocabulary.length, seed),
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(modelsFolder, modelName, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const WORDS = 'database connection timeout error search weather tool called the failed';

function makeVocabulary(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
  const marks = [...'.,:;!?()[]{}"\'-_/=+*#@'];
  return [...SPECIAL, ...marks, ...letters, ...letters.map((letter) => `##${letter}`), ...WORDS.split(' ')];
}

function tokenizer(vocabulary: string[]): unknown {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
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
message Attribute { string name = 1; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Value { string name = 1; Type type = 2; }
message Type { TensorType tensor_type = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Shape { repeated Dimension dim = 1; }
message Dimension { oneof kind { int64 dim_value = 1; string dim_param = 2; } }`;

const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

function onnx(rows: number, seed: number): Uint8Array {
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
  const axes = (axis: number) => ({ name: 'axes', ints: [axis], type: ATTRIBUTE_INTS });
  const keep = { name: 'keepdims', i: 1, type: ATTRIBUTE_INT };
  return Model.encode(
    Model.create({
      ir_version: 7,
      producer_name: 'vectadb',
      opset_import: [{ domain: '', version: 11 }],
      graph: {
        name: 'tiny',
        initializer: [
          { dims: [rows, DIMENSIONS], data_type: FLOAT, name: 'table', raw_data: weights(rows, seed) },
        ],
        input: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => value(name, INT64, ids)),
        node: [
          { op_type: 'Gather', input: ['table', 'input_ids'], output: ['embedded'] },
          {
            op_type: 'Cast',
            input: ['attention_mask'],
            output: ['mask'],
            attribute: [{ name: 'to', i: FLOAT, type: ATTRIBUTE_INT }],
          },
          { op_type: 'Unsqueeze', input: ['mask'], output: ['weight'], attribute: [axes(2)] },
          { op_type: 'Mul', input: ['embedded', 'weight'], output: ['masked'] },
          { op_type: 'ReduceSum', input: ['masked'], output: ['sum'], attribute: [axes(1), keep] },
          { op_type: 'ReduceSum', input: ['weight'], output: ['count'], attribute: [axes(1), keep] },
          { op_type: 'Div', input: ['sum', 'count'], output: ['average'] },
          { op_type: 'Add', input: ['embedded', 'average'], output: ['last_hidden_state'] },
        ],
        output: [value('last_hidden_state', FLOAT, [...ids, DIMENSIONS])],
      },
    }),
  ).finish();
}

/** xorshift32: the same numbers everywhere, in [-1, 1). Row 0, the padding, is zero. */
function weights(rows: number, seed: number): Uint8Array {
  const numbers = new Float32Array(rows * DIMENSIONS);
  let state = seed * 2_654_435_761 || 1;
  for (let at = DIMENSIONS; at < numbers.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    numbers[at] = (state | 0) / 2 ** 31;
  }
  return new Uint8Array(numbers.buffer);
}
