import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MODEL_FILES, missingFiles, modelFolder } from './model-files.js';

export interface PullOptions {
  modelPath: string;
  modelName: string;
  /** Root of a hub: `<hub>/<model>/resolve/main/<file>`. */
  hub: string;
  /** Fetch files that are there, too. */
  force?: boolean;
  onFile?: (file: PulledFile) => void;
  /** How long a file may take without a single byte. */
  idleLimitMs?: number;
}

export interface PulledFile {
  file: string;
  bytes: number;
  sha256: string;
}

/** A model cannot be fetched; the message says why and what else can be done. */
export class PullError extends Error {
  override name = 'PullError';
}

/**
 * Fetches a model's files into its folder; a file is there only when it is whole. The only code that downloads a model.
 * @throws PullError naming the file, the address and the way round.
 */
export async function pullModel(options: PullOptions): Promise<{ folder: string; fetched: PulledFile[] }> {
  const folder = modelFolder(options.modelPath, options.modelName);
  const wanted = options.force ? [...MODEL_FILES] : missingFiles(folder);
  const fetched: PulledFile[] = [];
  for (const file of wanted) {
    const pulled = await pullFile(options, join(folder, file), file);
    options.onFile?.(pulled);
    fetched.push(pulled);
  }
  return { folder, fetched };
}

async function pullFile(options: PullOptions, path: string, file: string): Promise<PulledFile> {
  const url = `${options.hub.replace(/\/+$/, '')}/${options.modelName}/resolve/main/${file}`;
  const part = `${path}.part`;
  const stalled = new AbortController();
  const idleLimitMs = options.idleLimitMs ?? 30_000;
  const timer = setTimeout(() => stalled.abort(), idleLimitMs);
  try {
    await mkdir(dirname(path), { recursive: true });
    const response = await fetch(url, { signal: stalled.signal });
    if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`);
    const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream);
    body.on('data', () => timer.refresh());
    await pipeline(body, createWriteStream(part), { signal: stalled.signal });
    const { size } = await stat(part);
    const announced = Number(response.headers.get('content-length') ?? size);
    const encoded = response.headers.has('content-encoding');
    if (!encoded && announced !== size) throw new Error(`it sent ${size} of ${announced} bytes`);
    await rename(part, path);
    return { file, bytes: size, sha256: await sha256Of(path) };
  } catch (error) {
    await rm(part, { force: true });
    const why = stalled.signal.aborted ? `nothing came for ${idleLimitMs} ms` : reasonOf(error);
    throw new PullError(
      `${file} of ${options.modelName} cannot be fetched from ${url} (${why}). Without a network, copy the files ` +
        `${MODEL_FILES.join(', ')} of the model to ${modelFolder(options.modelPath, options.modelName)}; ` +
        'without a model, search goes by words.',
    );
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
