import { join, resolve } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';

/** Folder of everything the local stack keeps: VECTADB_HOME, else .vectadb in the repository. */
export const homeFolder = (environment: Record<string, string | undefined> = process.env): string =>
  environment.VECTADB_HOME ? resolve(environment.VECTADB_HOME) : join(projectRoot(), '.vectadb');

/** Downloads, in VECTADB_CACHE or below {@link homeFolder}; safe to remove while nothing runs. */
export const cacheFolder = (environment: Record<string, string | undefined> = process.env): string =>
  environment.VECTADB_CACHE ? resolve(environment.VECTADB_CACHE) : join(homeFolder(environment), 'cache');
