import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { env, type FeatureExtractionPipeline, pipeline } from '@xenova/transformers';

/**
 * The model, in a thread of its own: its native part blocks the thread that calls it. Reads local files only.
 * In: {@link EmbedRequest}. Out: `{ready: true}` once, then {@link EmbedAnswer}s in the order of the requests.
 */
export interface EmbedRequest {
  id: number;
  texts: string[];
}

export interface EmbedAnswer {
  id: number;
  /** Vectors one after the other; `dimensions` numbers each. */
  vectors?: Float32Array;
  dimensions?: number;
  error?: string;
}

export interface ModelWorkerData {
  modelsFolder: string;
  modelName: string;
}

async function serve(port: MessagePort, { modelsFolder, modelName }: ModelWorkerData): Promise<void> {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = modelsFolder;
  env.useFSCache = false;
  const extract = (await pipeline('feature-extraction', modelName, {
    quantized: true,
    local_files_only: true,
  })) as FeatureExtractionPipeline;

  let queue = Promise.resolve();
  port.on('message', (request: EmbedRequest) => {
    queue = queue.then(() => answer(port, extract, request));
  });
  port.postMessage({ ready: true });
}

async function answer(
  port: MessagePort,
  extract: FeatureExtractionPipeline,
  request: EmbedRequest,
): Promise<void> {
  try {
    // the BGE models are trained to say what a text means in its first token
    const output = await extract(request.texts, { pooling: 'cls', normalize: true });
    const vectors = Float32Array.from(output.data as Float32Array);
    const reply: EmbedAnswer = { id: request.id, vectors, dimensions: output.dims.at(-1)! };
    port.postMessage(reply, [vectors.buffer as ArrayBuffer]);
  } catch (error) {
    const reply: EmbedAnswer = {
      id: request.id,
      error: error instanceof Error ? error.message : String(error),
    };
    port.postMessage(reply);
  }
}

if (parentPort) await serve(parentPort, workerData as ModelWorkerData);
