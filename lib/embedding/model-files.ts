import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { projectRoot } from '../config/root.js';

/** The model that is used unless another is named. 384 dimensions. */
export const DEFAULT_MODEL = 'Xenova/bge-small-en-v1.5';

/** What a model's folder holds, in the layout of the hub; the model itself last, so that a broken download shows. */
export const MODEL_FILES = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'onnx/model_quantized.onnx',
] as const;

/** Folder of all models: `path` as it is when absolute, else below the installation. */
export const modelsFolder = (path: string): string =>
  isAbsolute(path) ? path : resolve(projectRoot(), path);

/** Folder of one model, `<models>/<owner>/<name>`. @throws when the name could leave that folder. */
export function modelFolder(modelPath: string, modelName: string): string {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(modelName) || modelName.split('/').some((part) => /^\.+$/.test(part))) {
    throw new Error(`'${modelName}' is no name of a model: <owner>/<name> is expected`);
  }
  return join(modelsFolder(modelPath), modelName);
}

/** The files that are missing; empty: the model is there. */
export const missingFiles = (folder: string): string[] =>
  MODEL_FILES.filter((file) => !existsSync(join(folder, file)));
