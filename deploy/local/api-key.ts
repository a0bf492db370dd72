import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const pathOf = (home: string) => join(home, 'api-key');

/** The development key of this home, or null before the first `up`. */
export function readApiKey(home: string): string | null {
  try {
    return readFileSync(pathOf(home), 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The development key, minted on first use; only its owner may read the file. VECTADB_API_KEY wins over it. */
export function developmentApiKey(
  home: string,
  environment: Record<string, string | undefined> = process.env,
): string {
  if (environment.VECTADB_API_KEY) return environment.VECTADB_API_KEY;
  const known = readApiKey(home);
  if (known) return known;
  const path = pathOf(home);
  mkdirSync(dirname(path), { recursive: true });
  const key = `vdb_dev_${randomBytes(24).toString('base64url')}`;
  writeFileSync(path, `${key}\n`, { mode: 0o600 });
  chmodSync(path, 0o600); // an empty file from before keeps its own mode
  return key;
}
