import { describe, expect, it } from 'vitest';
import { runCli, tempFile } from '../testing/run-command.js';
import { register as registerAnalyze } from './analyze.js';
import { register as registerParse } from './parse.js';

const NO_CONFIG = ['--config', '/no/config.yaml'];
const analyze = (...args: string[]) => runCli(registerAnalyze, 'analyze', ...NO_CONFIG, ...args);
const parse = (...args: string[]) => runCli(registerParse, 'parse', ...NO_CONFIG, ...args);

const objects = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const LINES = [
  'Thought: which quay',
  'Action: find_quay',
  'Action Input: {"length": 12}',
  '',
  'ERROR quay: none is free',
].join('\r\n');

describe('analyze --json', () => {
  it('prints one object a line: what parse prints, and the trace it is in', async () => {
    const file = tempFile('agent.log', LINES);
    const analyzed = objects((await analyze('--json', file)).stdout);
    const parsed = objects((await parse(file)).stdout);
    expect(analyzed).toHaveLength(5);
    const traces = new Set(analyzed.map(({ trace_id }) => trace_id));
    expect(traces.size).toBe(1);
    expect(
      analyzed.map(({ event_id, strategy, trace_id, ...line }) => ({ ...line, trace_id: null })),
    ).toEqual(parsed);
    expect(analyzed.map(({ continues }) => continues)).toEqual([false, false, true, true, false]);
    expect(analyzed[1]!.event_id).toBe(analyzed[2]!.event_id);
    expect(analyzed.every(({ strategy }) => strategy === 3)).toBe(true);
  });

  it('keeps a line that is refused in its place', async () => {
    const file = tempFile('agent.log', Buffer.concat([Buffer.from('Thought: a\n'), Buffer.from([0xff, 10])]));
    expect(objects((await analyze('--json', file)).stdout)[1]).toMatchObject({
      event_id: null,
      trace_id: null,
      strategy: null,
      properties: { refused: expect.stringContaining('INVALID_UTF8') },
    });
  });

  it('prints nothing for a file without lines', async () => {
    expect(await analyze('--json', tempFile('agent.log', ''))).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('analyze', () => {
  it('shows the traces, then the figures', async () => {
    const { code, stdout } = await analyze(tempFile('agent.log', LINES));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^trace [0-9a-f-]{36} · failed · 3 events · 0\.00 s · 1 errors/);
    expect(stdout).toContain('5 lines · 3 events · 1 trace\n');
  });

  it.each([
    ['a file that is missing', ['/no/such.log'], '/no/such.log'],
    ['a folder', ['/tmp'], '/tmp is a folder'],
    ['a number that is none', ['--traces', 'many', '/no/such.log'], "--traces is 'many'"],
  ])('refuses %s', async (_name, args, reason) => {
    expect(await analyze(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
  });
});
