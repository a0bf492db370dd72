import { env, type FeatureExtractionPipeline, pipeline } from '@xenova/transformers';

/**
 * The model, in a process of its own: its native part blocks the thread that calls it, must not be loaded twice in
 * one process, and may crash. Started with `fork`; arguments: folder of models, name of the model, {@link Pooling}. Reads local files
 * only. Out: {@link Loaded} once, then {@link EmbedAnswer}s in the order of the {@link EmbedRequest}s. Ends with its parent.
 */
export interface EmbedRequest {
  id: number;
  texts: string[];
}

/** What of the tokens is the text: the BGE models are trained to say it in the first one, others in the mean of all. */
export type Pooling = 'cls' | 'mean';

export interface Loaded {
  ready: boolean;
  error?: string;
}

export interface EmbedAnswer {
  id: number;
  /** Vectors one after the other; `dimensions` numbers each. */
  vectors?: Float32Array;
  dimensions?: number;
  error?: string;
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function serve(modelsFolder: string, modelName: string, pooling: Pooling): Promise<void> {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = modelsFolder;
  env.useFSCache = false;
  let extract: FeatureExtractionPipeline;
  try {
    const options = { quantized: true, local_files_only: true };
    extract = (await pipeline('feature-extraction', modelName, options)) as FeatureExtractionPipeline;
  } catch (error) {
    process.send!({ ready: false, error: said(error) } satisfies Loaded, () => process.exit(1));
    return;
  }
  let queue = Promise.resolve();
  process.on('message', (request: EmbedRequest) => {
    queue = queue.then(async () => {
      process.send!(await answer(extract, request, pooling));
    });
  });
  process.send!({ ready: true } satisfies Loaded);
}

async function answer(
  extract: FeatureExtractionPipeline,
  request: EmbedRequest,
  pooling: Pooling,
): Promise<EmbedAnswer> {
  try {
    const output = await extract(request.texts, { pooling, normalize: true });
    return {
      id: request.id,
      vectors: Float32Array.from(output.data as Float32Array),
      dimensions: output.dims.at(-1)!,
    };
  } catch (error) {
    return { id: request.id, error: said(error) };
  }
}

process.on('disconnect', () => process.exit(0));
// a terminal's Ctrl-C reaches the whole group: the parent ends us when its own work is done
process.on('SIGINT', () => {});
await serve(process.argv[2]!, process.argv[3]!, process.argv[4] as Pooling);
