import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../config/root.js';
import { normalised } from './hashing.js';
import type { EmbedAnswer, EmbedRequest, Loaded, Pooling } from './model-child.js';

/** A model that is there but cannot be loaded or fails: never replaced in silence, its vectors have their own collection. */
export class ModelError extends Error {
  override name = 'ModelError';
}

interface Waiting {
  resolve(answer: EmbedAnswer): void;
  reject(error: Error): void;
}

const LOAD_LIMIT_MS = 120_000;
const ANSWER_LIMIT_MS = 120_000;
/** Texts of one call into the model: more gain nothing on a CPU and take memory with the square of the longest. */
const TEXTS_PER_CALL = 16;

/** A model's process and what is asked of it. One that dies fails its requests; the next request starts another. */
export class ModelProcess {
  private child: Promise<ChildProcess> | null = null;
  /** The one whose end is a loss; one that was closed is none. */
  private current: ChildProcess | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  constructor(
    private readonly modelsFolder: string,
    private readonly modelName: string,
    private readonly pooling: Pooling,
  ) {}

  /** Loads the model. @throws ModelError saying why it cannot be loaded. */
  async load(): Promise<void> {
    await this.running();
  }

  /** One vector per text, in order. @throws ModelError. */
  async embed(texts: string[]): Promise<number[][]> {
    const vectors: number[][] = [];
    for (let from = 0; from < texts.length; from += TEXTS_PER_CALL) {
      const answer = await this.ask(texts.slice(from, from + TEXTS_PER_CALL));
      if (answer.error !== undefined) throw new ModelError(`${this.modelName}: ${answer.error}`);
      const size = answer.dimensions!;
      for (let at = 0; at < answer.vectors!.length; at += size) {
        vectors.push(normalised(answer.vectors!.subarray(at, at + size)));
      }
    }
    return vectors;
  }

  async close(): Promise<void> {
    const started = this.child;
    this.child = null;
    this.current = null;
    if (!started) return;
    const child = await started;
    this.fail(new ModelError(`${this.modelName} was closed`));
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill('SIGKILL');
    await exited;
  }

  private async ask(texts: string[]): Promise<EmbedAnswer> {
    const child = await this.running();
    const request: EmbedRequest = { id: this.nextId++, texts };
    let timer: NodeJS.Timeout | undefined;
    child.channel?.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.waiting.set(request.id, { resolve, reject });
        timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_LIMIT_MS);
        child.send(request, (error) => error && reject(error));
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(request.id);
      if (this.waiting.size === 0) child.channel?.unref();
    }
  }

  private running(): Promise<ChildProcess> {
    this.child ??= this.start().catch((error: unknown) => {
      this.child = null;
      throw error;
    });
    return this.child;
  }

  private async start(): Promise<ChildProcess> {
    const child = fork(program(), [this.modelsFolder, this.modelName, this.pooling], {
      execArgv: [],
      serialization: 'advanced',
    });
    const failure = await loaded(child);
    if (failure !== null) {
      child.kill('SIGKILL');
      throw new ModelError(
        `the model ${this.modelName} in ${this.modelsFolder} cannot be loaded (${failure}): ` +
          'fetch it again with `vectadb model pull --force`, or remove its folder to search by words instead',
      );
    }
    child.on('message', (answer: EmbedAnswer) => this.waiting.get(answer.id)?.resolve(answer));
    this.current = child;
    child.once('exit', (code, signal) => {
      if (this.current !== child) return;
      this.child = null;
      this.current = null;
      this.fail(new ModelError(`the process of ${this.modelName} ended (${signal ?? `exit code ${code}`})`));
    });
    // an idle model keeps nobody alive
    child.unref();
    child.channel?.unref();
    return child;
  }

  private fail(cause: ModelError): void {
    for (const waiting of this.waiting.values()) waiting.reject(cause);
  }
}

/** Null once the model is loaded, else why it is not. */
function loaded(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`not loaded after ${LOAD_LIMIT_MS} ms`), LOAD_LIMIT_MS);
    const settle = (failure: string | null) => {
      clearTimeout(timer);
      resolve(failure);
    };
    child.once('message', (message: Loaded) =>
      settle(message.ready ? null : (message.error ?? 'no reason given')),
    );
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => settle(`its process ended with ${signal ?? `exit code ${code}`}`));
  });
}

/** The child's program: beside this file when built; a run from source takes the built one. */
function program(): string {
  const beside = fileURLToPath(new URL('./model-child.js', import.meta.url));
  const built = existsSync(beside) ? beside : join(projectRoot(), 'dist/lib/embedding/model-child.js');
  if (!existsSync(built)) throw new ModelError(`${built} is missing: run \`npm run build\``);
  return built;
}
