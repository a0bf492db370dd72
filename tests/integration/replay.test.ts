import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { connectAdmin } from '../../lib/kafka/admin.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import type { Difference } from '../../services/cli/replay/difference.js';
import { fileLines } from '../driver/file-lines.js';
import { mint } from '../pipeline/oracle.js';
import { vectadb } from '../pipeline/pipeline.js';
import { readSurreal } from '../pipeline/surreal.js';

const MINTED = 3_000;
const UNKNOWN = 40;

type Answer = Difference & { generation: number; state: string };

let stack: TestStack;
let from: string;
let patterns: string;

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true });
  await vectadb(stack, ['topics', 'apply']);
  from = new Date(Date.now() - 1_000).toISOString();
  const services = [await stack.spawnService('processor'), await stack.spawnService('surreal-sink')];
  for (const service of services) await service.waitReady(60_000);
  const producer = await createProducer({ brokers: stack.brokers, clientId: 'lines' });
  const lines = fileLines().map(({ line, key }) => ({ key, value: Buffer.from(line) }));
  const source = { system: 'container', log_group: '/ecs/harbour', log_stream: 'quay/1' };
  const unknown = Array.from({ length: UNKNOWN }, (_, n) => ({
    key: 'container:/ecs/harbour/quay/1',
    value: Buffer.from(JSON.stringify({ message: `berth ${n} handed to vessel V${n}`, source })),
  }));
  const minted = mint(7, MINTED, 60, Date.now() - MINTED).map((event) => ({
    key: null,
    value: Buffer.from(JSON.stringify(event)),
  }));
  for (const records of [lines, unknown, minted.slice(0, 1_500), minted.slice(1_500)])
    await producer.send('raw-logs', records);
  await producer.close();
  await settled(MINTED + UNKNOWN);
  patterns = join(stack.folder, 'berths.yaml');
  writeFileSync(
    patterns,
    `set: harbour
framework: harbour
parser_rules:
  - name: berth_handed
    pattern: 'berth (?P<berth>\\d+) handed to vessel (?P<vessel>\\w+)'
    event_type: decision
`,
  );
});
afterAll(async () => {
  await stack?.stop();
});

/** Resolves once the store has not changed for three seconds and holds at least so many rows. */
async function settled(rows: number): Promise<void> {
  let last = '';
  let sinceMs = Date.now();
  await waitFor(
    'rows to come to rest',
    async () => {
      const now = await readSurreal(stack);
      const text = JSON.stringify([
        now.rows.length,
        now.traces.map((trace) => [trace.trace_id, trace.total_events]),
      ]);
      if (text !== last) sinceMs = Date.now();
      last = text;
      return now.rows.length >= rows && Date.now() - sinceMs > 3_000;
    },
    { limitMs: 90_000, everyMs: 500 },
  );
}

const replay = async (...args: string[]): Promise<Answer> =>
  JSON.parse(await vectadb(stack, ['replay', '--from', from, '--json', ...args])) as Answer;

/** Runs a replay that is killed at a named moment. */
async function killed(point: string, ...args: string[]): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(projectRoot(), 'dist/services/cli/main.js'), 'replay', '--from', from, ...args],
    { env: { ...process.env, ...stack.env, NODE_ENV: undefined, FAULT_POINT: point }, stdio: 'ignore' },
  );
  const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
  expect(signal, point).toBe('SIGKILL');
}

async function topicsOfReplays(): Promise<string[]> {
  const admin = await connectAdmin({ brokers: stack.brokers, clientId: 'test' });
  try {
    return [...(await admin.describeTopics()).keys()].filter((name) => /\.g\d+$/.test(name));
  } finally {
    await admin.close();
  }
}

describe('a replay on the real stack', () => {
  it('with the same rules differs in nothing, though it was killed five times on its way', async () => {
    for (const point of [
      'after-send:2',
      'before-commit:3',
      'after-commit:4',
      'after-fence:1',
      'mid-restore:2',
    ])
      await killed(point);
    const answer = await replay();
    expect(answer).toMatchObject({ generation: 2, state: 'ready', before_context: { events: 0, traces: 0 } });
    expect({ ...answer.events, examples: answer.examples }).toEqual({
      same: (await readSurreal(stack)).rows.length,
      changed: 0,
      new: 0,
      gone: 0,
      fields: {},
      examples: [],
    });
    expect(answer.traces).toMatchObject({ changed: 0, split: 0, merged: 0, renamed: 0 });
    expect(answer.traces.same).toBeGreaterThan(50);
  });

  it('is known to the topics command, and refuses to be two at once', async () => {
    expect(await vectadb(stack, ['topics', 'drift'])).toContain('No drift.');
    await expect(replay('--patterns', patterns)).rejects.toThrow(/generation 2 .* is ready: .*--discard/);
  });

  it('leaves nothing behind when it is discarded', async () => {
    expect(await topicsOfReplays()).not.toEqual([]);
    expect(await vectadb(stack, ['replay', '--discard'])).toContain('Generation 2 is discarded.');
    await waitFor('its topics to be gone', async () => (await topicsOfReplays()).length === 0, {
      limitMs: 20_000,
    });
    expect(await vectadb(stack, ['replay', '--discard'])).toContain('No generation is open.');
  });

  it('tells which lines a new rule understands', async () => {
    const answer = await replay('--patterns', patterns);
    expect(answer).toMatchObject({
      generation: 3,
      events: { changed: UNKNOWN, new: 0, gone: 0 },
      understood: { lines: UNKNOWN, rules: { berth_handed: UNKNOWN } },
      lost: { lines: 0 },
    });
    expect(answer.examples.find(({ kind }) => kind === 'understood')?.text).toContain('handed to vessel');
    await vectadb(stack, ['replay', '--discard']);
  });

  it('names the option that is wrong', async () => {
    await expect(vectadb(stack, ['replay'])).rejects.toThrow(/--from is required/);
    await expect(vectadb(stack, ['replay', '--from', 'yesterday'])).rejects.toThrow(
      /--from is not an ISO 8601/,
    );
    await expect(vectadb(stack, ['replay', '--from', '2999-01-01T00:00:00Z'])).rejects.toThrow(
      /--from must be earlier than now/,
    );
  });
});
