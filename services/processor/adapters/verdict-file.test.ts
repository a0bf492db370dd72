import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verdictKey } from '../core/rules/pattern-verdict.js';
import { patternCheck } from './pattern-check.js';
import { VerdictFile, verdictFileIn } from './verdict-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-verdicts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const PATTERN = '^(?:a+)+$';

describe('verdicts of a file', () => {
  it('are those that were checked, in the next process too', () => {
    const path = join(folder, 'state', 'verdicts.json');
    const said = patternCheck(new Map(), new VerdictFile(path))(PATTERN, '');
    expect(said.linearity).toBe('superlinear');
    expect(new VerdictFile(path).get(verdictKey(PATTERN, ''))).toEqual(said);
    expect(readdirSync(join(folder, 'state'))).toEqual(['verdicts.json']);
  });

  it('are taken for what they are, and not checked again', () => {
    const path = join(folder, 'verdicts.json');
    const other = { linearity: 'bounded', reason: 'as it is kept' } as const;
    new VerdictFile(path).set(verdictKey(PATTERN, ''), other);
    expect(patternCheck(new Map(), new VerdictFile(path))(PATTERN, '')).toEqual(other);
  });

  it.each([
    ['is cut short', '{"check":1,"verd'],
    ['is of another check', '{"check":0,"verdicts":{"x":{"linearity":"linear","reason":"linear"}}}'],
  ])('are none where it %s', (_, content) => {
    const path = join(folder, 'verdicts.json');
    writeFileSync(path, content);
    expect(new VerdictFile(path).get('x')).toBeUndefined();
  });

  it('are bounded in number', () => {
    const path = join(folder, 'verdicts.json');
    const file = new VerdictFile(path, 3);
    for (let n = 0; n < 5; n++) file.set(`key ${n}`, { linearity: 'linear', reason: 'linear' });
    expect(new VerdictFile(path).get('key 1')).toBeUndefined();
    expect(new VerdictFile(path).get('key 2')).toBeDefined();
  });

  it('are kept nowhere by a processor without a folder', () => {
    expect(verdictFileIn('')).toBeNull();
  });
});
