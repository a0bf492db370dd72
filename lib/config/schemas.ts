import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Schema } from 'avsc';
import { SCHEMA_NAMES, type SchemaName } from '../model/codec.js';
import { projectRoot } from './root.js';

/** Reads schemas/*.avsc. @throws where a file is missing or is not JSON, naming it. */
export function loadSchemas(folder = join(projectRoot(), 'schemas')): Record<SchemaName, Schema> {
  const entries = SCHEMA_NAMES.map((name) => {
    const path = join(folder, `${name}.avsc`);
    try {
      return [name, JSON.parse(readFileSync(path, 'utf8')) as Schema] as const;
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return Object.fromEntries(entries) as Record<SchemaName, Schema>;
}
