import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { projectRoot } from '../../lib/config/root.js';

interface Patch {
  /** Source file, from the root of the repository. */
  file: string;
  /** Stands in the file exactly once. */
  find: string;
  replace: string;
}

/** The product without one of the things that its guarantees rest on. */
export interface Mutant {
  name: string;
  doc: string;
  patches: Patch[];
  /** Rows that must find it out, the likeliest first. */
  rows: string[];
}

export const MUTANTS: Mutant[] = [
  {
    name: 'no-fencing',
    doc: 'every owner of a partition has a transactional id of its own, so none fences another',
    patches: [
      {
        file: 'lib/kafka/exactly-once/partition-owner.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file
        find: '`${work.groupId}-${work.source}-${this.partition}`',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file
        replace: '`${work.groupId}-${work.source}-${this.partition}-${process.pid}-${Date.now()}`',
      },
    ],
    rows: ['zombie-processor', 'rebalance-storm'],
  },
  {
    name: 'no-changelog',
    doc: 'state is not written to the changelog, the position is',
    patches: [
      {
        file: 'lib/topology/task.ts',
        find: 'const changelog = this.store.takeDirty().map(',
        replace: 'const changelog = this.store.takeDirty().slice(0, 0).map(',
      },
    ],
    rows: ['kill-processor', 'processor-after-commit'],
  },
  {
    name: 'no-position',
    doc: 'the position is not written with the state',
    patches: [
      {
        file: 'lib/topology/task.ts',
        find: 'if (this.position !== undefined && this.position !== this.writtenPosition)\n',
        replace: 'if (this.position === Number.NaN)\n',
      },
    ],
    rows: ['poison', 'kill-processor'],
  },
  {
    name: 'no-revision-guard',
    doc: 'SurrealDB is written whatever it holds',
    patches: [
      {
        file: 'lib/stores/surreal/writes.ts',
        find: 'if (!replaces(event, { ...head, updated_ms: head.updated_at.getTime() })) return;',
        replace: '',
      },
      {
        file: 'lib/stores/surreal/writes.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file
        find: 'CONTENT $r WHERE ${REPLACES_STORED} RETURN',
        replace: 'CONTENT $r RETURN',
      },
      {
        file: 'lib/stores/surreal/writes.ts',
        find: `CONTENT $r WHERE generation < $r.generation
         OR (generation = $r.generation AND revision < $r.revision) RETURN`,
        replace: 'CONTENT $r RETURN',
      },
    ],
    rows: ['zombie-sink'],
  },
  {
    name: 'no-dedup',
    doc: 'an event that was there before counts again',
    patches: [
      {
        file: 'services/processor/core/parse/parse-processor.ts',
        find: 'if (this.seen.check(stream, state, hashed, timestampMs, context)) {',
        replace: 'if (this.seen.check(stream, state, hashed, timestampMs, context) && timestampMs < 0) {',
      },
      {
        file: 'services/processor/core/trace/processor.ts',
        find: 'const found = groups.find(home, head, event.event_id);',
        replace: 'const found = event.amends ? groups.find(home, head, event.event_id) : undefined;',
      },
    ],
    rows: ['input-duplicates'],
  },
];

/**
 * The sources of a mutant that differ from the product's, by file.
 * @throws where the text to replace is not there once: the source has moved on, and so must the mutant.
 */
export function mutatedSources({ name, patches }: Mutant): Map<string, string> {
  const sources = new Map<string, string>();
  for (const { file, find, replace } of patches) {
    const source = sources.get(file) ?? readFileSync(join(projectRoot(), file), 'utf8');
    if (source.split(find).length !== 2) throw new Error(`${name}: ${file} does not hold once: ${find}`);
    sources.set(
      file,
      source.replace(find, () => replace),
    );
  }
  return sources;
}

/** Builds a mutant beside the product and returns its folder: a copy of dist with a few files made anew. */
export function buildMutant(mutant: Mutant): string {
  const root = projectRoot();
  const dist = join(root, '.vectadb/mutants', mutant.name);
  rmSync(dist, { recursive: true, force: true });
  cpSync(join(root, 'dist'), dist, { recursive: true });
  for (const [file, source] of mutatedSources(mutant)) {
    const { code } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcefile: file,
    });
    const built = join(dist, file.replace(/\.ts$/, '.js'));
    if (!existsSync(built)) throw new Error(`${mutant.name}: ${file} is not built to ${built}`);
    writeFileSync(built, code);
  }
  return dist;
}
