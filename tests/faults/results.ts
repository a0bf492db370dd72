import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { replaceFile } from '../../lib/files/replace-file.js';

/** One row with one seed, as results.json keeps it. */
export interface Result {
  row: string;
  seed: number;
  events: number;
  /** Name of the mutant that ran instead of the product; left out: none. */
  mutant?: string;
  verdict: 'passed' | 'failed';
  thrown: Record<string, number>;
  /** What was wrong. */
  faults: string[];
  figures: Record<string, number>;
  seconds: number;
  /** Commit that it ran at; `+` where the working tree differed from it. */
  commit: string;
  /** Names the product's code: the same for commits that change only tests and documents. */
  product: string;
  date: string;
}

/** What a trial's services are made of. */
const PRODUCT = ['lib', 'services', 'schemas', 'patterns', 'topics.yaml', 'package-lock.json'];
const NO_PRODUCT = [
  ':(exclude)lib/testing',
  ':(exclude,glob)**/*.test.ts',
  ...['simulator', 'console', 'cli'].map((service) => `:(exclude)services/${service}`),
];

export interface CodeVersion {
  commit: string;
  product: string;
}

/** Which code this is. A working tree that differs from its commit has a product of its own. */
export function codeVersion(): CodeVersion {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: projectRoot(), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).trim();
  const paths = [...PRODUCT, ...NO_PRODUCT];
  const changes = git('diff', 'HEAD', '--', ...paths);
  const hash = createHash('sha256')
    .update(git('ls-files', '-s', '--', ...paths))
    .update(changes);
  const differs = git('status', '--porcelain', '--', '.', ':(exclude)tests/faults/results.json') !== '';
  return {
    commit: git('rev-parse', '--short=10', 'HEAD') + (differs ? '+' : ''),
    product: hash.digest('hex').slice(0, 12),
  };
}

/** The file of results: the last one of each row, seed and mutant. */
export class ResultFile {
  private results: Result[];

  constructor(private readonly path: string) {
    this.results = readResults(path);
  }

  /** Whether this passed with as many events and the same product. */
  hasPassed(row: string, seed: number, events: number, product: string): boolean {
    return this.results.some(
      (one) =>
        one.row === row &&
        one.seed === seed &&
        one.mutant === undefined &&
        one.events >= events &&
        one.product === product &&
        one.verdict === 'passed',
    );
  }

  add(result: Result): void {
    const nameOf = ({ row, mutant = '', seed }: Result) =>
      `${row}/${mutant}/${String(seed).padStart(9, '0')}`;
    const name = nameOf(result);
    this.results = [...this.results.filter((one) => nameOf(one) !== name), result].sort((a, b) =>
      nameOf(a) < nameOf(b) ? -1 : 1,
    );
    const lines = this.results.map((one) => `  ${JSON.stringify(one)}`);
    replaceFile(this.path, `[\n${lines.join(',\n')}\n]\n`);
  }
}

/** Results as a file has them; none where there is no file. */
export const readResults = (path: string): Result[] =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Result[]) : [];

export const RESULTS = join(projectRoot(), 'tests/faults/results.json');
