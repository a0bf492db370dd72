import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { projectRoot } from '../config/root.js';
import { normalised } from './hashing.js';
import type { EmbedAnswer, EmbedRequest, ModelWorkerData } from './model-worker.js';

/** A model that is there but cannot be loaded or fails: never replaced in silence, its vectors have their own collection. */
export class ModelError extends Error {
  override name = 'ModelError';
}

interface Waiting {
  resolve(answer: EmbedAnswer): void;
  reject(error: Error): void;
}

const LOAD_LIMIT_MS = 120_000;
/** Texts of one call into the model: more gain nothing on a CPU and take memory with the square of the longest. */
const TEXTS_PER_CALL = 16;

/** A model's thread and what is asked of it. A thread that dies fails its requests; the next request starts another. */
export class ModelThread {
  private worker: Promise<Worker> | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  constructor(private readonly data: ModelWorkerData) {}

  /** Loads the model. @throws ModelError saying why it cannot be loaded. */
  async load(): Promise<void> {
    await this.running();
  }

  /** One vector per text, in order. @throws ModelError. */
  async embed(texts: string[]): Promise<number[][]> {
    const vectors: number[][] = [];
    for (let from = 0; from < texts.length; from += TEXTS_PER_CALL) {
      const answer = await this.ask(texts.slice(from, from + TEXTS_PER_CALL));
      if (answer.error !== undefined) throw new ModelError(`${this.data.modelName}: ${answer.error}`);
      const size = answer.dimensions!;
      for (let at = 0; at < answer.vectors!.length; at += size) {
        vectors.push(normalised(answer.vectors!.subarray(at, at + size)));
      }
    }
    return vectors;
  }

  async close(): Promise<void> {
    const worker = this.worker;
    this.worker = null;
    if (worker) await (await worker).terminate();
  }

  private async ask(texts: string[]): Promise<EmbedAnswer> {
    const worker = await this.running();
    const request: EmbedRequest = { id: this.nextId++, texts };
    worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.waiting.set(request.id, { resolve, reject });
        worker.postMessage(request);
      });
    } finally {
      this.waiting.delete(request.id);
      if (this.waiting.size === 0) worker.unref();
    }
  }

  private running(): Promise<Worker> {
    this.worker ??= this.start().catch((error: unknown) => {
      this.worker = null;
      throw error;
    });
    return this.worker;
  }

  private async start(): Promise<Worker> {
    const worker = new Worker(workerFile(), { workerData: this.data });
    const limit = AbortSignal.timeout(LOAD_LIMIT_MS);
    try {
      // `once` rejects with what the thread throws while it loads
      await once(worker, 'message', { signal: limit });
    } catch (error) {
      await worker.terminate();
      const why = limit.aborted
        ? `not loaded after ${LOAD_LIMIT_MS} ms`
        : error instanceof Error
          ? error.message
          : String(error);
      throw new ModelError(
        `the model ${this.data.modelName} in ${this.data.modelsFolder} cannot be loaded (${why}): ` +
          'fetch it again with `vectadb model pull --force`, or remove its folder to search by words instead',
      );
    }
    worker.on('message', (answer: EmbedAnswer) => this.waiting.get(answer.id)?.resolve(answer));
    worker.on('error', (error) => this.lost(error));
    worker.on('exit', () => this.lost(new ModelError(`the thread of ${this.data.modelName} ended`)));
    worker.unref();
    return worker;
  }

  private lost(error: unknown): void {
    this.worker = null;
    const cause = error instanceof Error ? error : new ModelError(String(error));
    for (const waiting of this.waiting.values()) waiting.reject(cause);
  }
}

/** The thread's program: beside this file when built; a run from source takes the built one. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./model-worker.js', import.meta.url));
  const built = existsSync(beside) ? beside : join(projectRoot(), 'dist/lib/embedding/model-worker.js');
  if (!existsSync(built)) throw new ModelError(`${built} is missing: run \`npm run build\``);
  return built;
}
