import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Schema } from 'avsc';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectAdmin } from '../../lib/kafka/admin.js';
import { connectRegistry, type RegistryOptions, RegistryUnavailableError } from '../../lib/kafka/registry.js';
import { ApplyRefusedError, applyTopics, isEmpty, planTopics } from '../../lib/kafka/topics/apply.js';
import { readEpochs } from '../../lib/kafka/topics/epochs.js';
import { loadTopics, parseTopics, type TopicDefinition } from '../../lib/kafka/topics/topic-file.js';
import type { KafkaSettings } from '../../lib/kafka/types.js';
import { Codec } from '../../lib/model/codec.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';

let stack: TestStack;
let settings: KafkaSettings;
let kafka: Kafka;
const schemas = loadSchemas();

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true });
  settings = { brokers: stack.brokers, clientId: 'topics-test' };
  kafka = new Kafka({ brokers: stack.brokers, clientId: 'topics-test', logLevel: logLevel.NOTHING });
});
afterAll(() => stack?.stop());

const url = () => stack.env.SCHEMA_REGISTRY_URL!;
const registryOf = (topics: TopicDefinition[], options: RegistryOptions = {}) =>
  connectRegistry(url(), new Codec(schemas), { schemas, topics, ...options });

/** A topics file of its own: topic-epochs, and topics that no other test touches. */
const topicsOf = (lines: string) =>
  parseTopics(
    `topics:\n  topic-epochs: { doc: Epochs., partitions: 1, config: { cleanup.policy: compact } }\n${lines}`,
    'test',
  );
const target = (topics: TopicDefinition[], options?: RegistryOptions) => ({
  kafka: settings,
  registry: registryOf(topics, options),
  topics,
});

async function withAdmin<T>(run: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await run(admin);
  } finally {
    await admin.disconnect();
  }
}

async function describeTopics() {
  const admin = await connectAdmin(settings);
  try {
    return await admin.describeTopics();
  } finally {
    await admin.close();
  }
}

async function subjects(): Promise<string[]> {
  return (await (await fetch(`${url()}/subjects`)).json()) as string[];
}

/** Runs the CLI as a script would. */
function vectadb(args: string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(projectRoot(), 'dist/services/cli/main.js'), ...args],
      { env: { ...process.env, ...stack.env }, maxBuffer: 1 << 26, timeout: 60_000 },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
    child.stdin!.end(input);
  });
}

const jsonLines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('vectadb topics', () => {
  it('creates everything in the first apply and changes nothing in the second', async () => {
    expect((await vectadb(['topics', 'drift'])).code).toBe(2);
    const first = await vectadb(['topics', 'apply']);
    expect(first).toMatchObject({ code: 0, stderr: '' });

    const actual = await describeTopics();
    for (const topic of loadTopics()) {
      expect(actual.get(topic.name)).toMatchObject({ partitions: topic.partitions, overrides: topic.config });
    }
    const epochs = await readEpochs(settings);
    expect([...epochs.keys()].sort()).toEqual(
      loadTopics()
        .map(({ name }) => name)
        .sort(),
    );
    expect(new Set(epochs.values()).size).toBe(epochs.size);
    const level = await fetch(`${url()}/config/agent-events-dev.vectadb.GroupLink`);
    expect(await level.json()).toEqual({ compatibilityLevel: 'BACKWARD_TRANSITIVE' });

    const second = await vectadb(['topics', 'apply', '--json']);
    expect(JSON.parse(second.stdout)).toMatchObject({ changes: [], refused: [] });
    expect(await readEpochs(settings)).toEqual(epochs);
    expect((await vectadb(['topics', 'drift'])).code).toBe(0);
  });

  it('drift exits 2 after a change by hand, and apply takes it back, whole set of overrides and all', async () => {
    const wanted = loadTopics().find(({ name }) => name === 'raw-logs')!;
    await withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: 2,
            name: 'raw-logs',
            configEntries: [
              { name: 'retention.ms', value: '1000' },
              { name: 'segment.ms', value: '60000' },
            ],
          },
        ],
      }),
    );
    await waitFor('drift', async () => (await vectadb(['topics', 'drift'])).code === 2, { limitMs: 20_000 });
    const drift = await vectadb(['topics', 'drift']);
    expect(drift.stdout).toMatch(/retention\.ms 1000 → 604800000/);
    expect(drift.stdout).toMatch(/segment\.ms 60000 → unset/);
    expect((await vectadb(['topics', 'apply'])).code).toBe(0);
    expect((await describeTopics()).get('raw-logs')!.overrides).toEqual(wanted.config);
    expect((await vectadb(['topics', 'drift'])).code).toBe(0);
  });

  it('exits 1 with a sentence where Kafka or the registry does not answer', async () => {
    const elsewhere = { ...stack.env };
    try {
      stack.env.KAFKA_BROKERS = '127.0.0.1:9';
      const kafkaDown = await vectadb(['topics', 'drift']);
      expect(kafkaDown).toMatchObject({ code: 1, stdout: '' });
      expect(kafkaDown.stderr).toMatch(/^vectadb: Kafka does not answer at 127\.0\.0\.1:9 \(KAFKA_BROKERS\)/);
    } finally {
      Object.assign(stack.env, elsewhere);
    }
  });
});

describe('an apply', () => {
  it('grows a topic without keyed state, and leaves topics alone that it does not know', async () => {
    await applyTopics(target(topicsOf('  growing: { doc: G., partitions: 2 }')));
    const plan = await applyTopics(target(topicsOf('  growing: { doc: G., partitions: 3 }')));
    expect(plan.topics.map(({ kind }) => kind)).toEqual(['grow']);
    expect(plan.unknown).toContain('raw-logs');
    expect((await describeTopics()).get('growing')?.partitions).toBe(3);
    expect((await describeTopics()).get('raw-logs')?.partitions).toBe(6);
  });

  it.each([
    {
      title: 'to shrink a topic',
      wanted: 'partitions: 1',
      reason: /stateful: 2 partitions, wanted 1: Kafka cannot/,
    },
    {
      title: 'to grow one whose keys have state',
      wanted: 'keyed_state: true, partitions: 3',
      reason: /stateful: 2 partitions, wanted 3: its keys have state/,
    },
  ])('refuses $title before it changes anything', async ({ wanted, reason }) => {
    await applyTopics(target(topicsOf('  stateful: { doc: S., partitions: 2 }')));
    const before = await describeTopics();
    const topics = topicsOf(`  stateful: { doc: S., ${wanted} }\n  never-made: { doc: N. }`);
    await expect(applyTopics(target(topics))).rejects.toThrow(reason);
    expect(await describeTopics()).toEqual(before);
  });

  it('refuses what the broker would refuse before it changes anything', async () => {
    const topics = topicsOf('  never-made: { doc: N. }').map((topic) => ({ ...topic, replication: 2 }));
    const made = topics.filter(({ name }) => name !== 'topic-epochs');
    await expect(applyTopics(target(made))).rejects.toThrow(
      /nothing was changed:\n.*never-made: Replication-factor/,
    );
    expect((await describeTopics()).has('never-made')).toBe(false);
  });

  it('refuses an incompatible schema, naming each field, before it changes anything', async () => {
    const topics = topicsOf('  linked: { doc: L., value: [group-link] }');
    await applyTopics(target(topics));
    const link = schemas['group-link'] as unknown as { fields: { name: string }[] };
    const incompatible = {
      ...link,
      fields: [
        ...link.fields.map((field) => (field.name === 'revision' ? { ...field, type: 'int' } : field)),
        { name: 'reason', type: 'string', doc: 'Without a default.' },
      ],
    } as unknown as Schema;
    const changed = topicsOf(
      '  linked: { doc: L., value: [group-link], config: { retention.ms: 5000 } }\n  never-made: { doc: N., value: [raw-log] }',
    );
    const [topicsBefore, subjectsBefore] = [await describeTopics(), await subjects()];
    const refused = await applyTopics(
      target(changed, { schemas: { ...schemas, 'group-link': incompatible } }),
    ).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApplyRefusedError);
    expect((refused as ApplyRefusedError).reasons).toEqual([
      'linked-dev.vectadb.GroupLink (schemas/group-link.avsc): field revision was long, which int cannot read (version 1)',
      'linked-dev.vectadb.GroupLink (schemas/group-link.avsc): field reason is new and has no default, so data written before cannot be read (version 1)',
    ]);
    expect(await describeTopics()).toEqual(topicsBefore);
    expect(await subjects()).toEqual(subjectsBefore);
  });

  it('sets the level of a subject that somebody registered without one', async () => {
    const topics = topicsOf('  levelled: { doc: L., value: [group-link] }');
    await fetch(`${url()}/subjects/levelled-dev.vectadb.GroupLink/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify(schemas['group-link']) }),
    });
    const plan = await applyTopics(target(topics));
    expect(plan.schemas).toMatchObject([{ kind: 'level', from: 'NONE' }]);
    expect(isEmpty(await planTopics(target(topics)))).toBe(true);
  });

  it('gives a topic made anew a new epoch, whoever made it, and readers refuse the old one until then', async () => {
    const topics = topicsOf('  remade: { doc: R., partitions: 1 }');
    await applyTopics(target(topics));
    const first = (await readEpochs(settings)).get('remade');

    await withAdmin(async (admin) => {
      await admin.deleteTopics({ topics: ['remade'] });
      await waitFor('the topic to be gone', async () => !(await describeTopics()).has('remade'), {
        limitMs: 20_000,
      });
      await admin.createTopics({
        topics: [{ topic: 'remade', numPartitions: 1, configEntries: [] }],
        waitForLeaders: true,
      });
    });
    await expect(readEpochs(settings)).rejects.toThrow(/made anew since its epoch was minted: remade/);
    const plan = await applyTopics(target(topics));
    expect(plan.epochs).toEqual([{ kind: 'epoch', topic: 'remade', reason: 'the topic was made anew' }]);
    const second = (await readEpochs(settings)).get('remade');
    expect(second).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);

    await withAdmin((admin) => admin.deleteTopics({ topics: ['remade'] }));
    await waitFor('the topic to be gone', async () => !(await describeTopics()).has('remade'), {
      limitMs: 20_000,
    });
    await applyTopics(target(topics));
    expect([first, second]).not.toContain((await readEpochs(settings)).get('remade'));
  });

  it('mints an epoch for a topic that was there before', async () => {
    await withAdmin((admin) =>
      admin.createTopics({ topics: [{ topic: 'older', numPartitions: 6 }], waitForLeaders: true }),
    );
    expect((await readEpochs(settings)).has('older')).toBe(false);
    await applyTopics(target(topicsOf('  older: { doc: O. }')));
    expect((await readEpochs(settings)).has('older')).toBe(true);
  });
});

describe('the registry', () => {
  const frame = (id: number) => {
    const value = Buffer.alloc(6);
    value.writeInt32BE(id, 1);
    return value;
  };

  it('tells the codec that there is no schema of an unknown id, so that data is refused and not asked for again', async () => {
    const codec = new Codec(schemas);
    const registry = connectRegistry(url(), codec, { schemas, topics: [] });
    expect(codec.unknownId(frame(999_999))).toBe(999_999);
    await registry.learn(999_999);
    expect(codec.unknownId(frame(999_999))).toBeUndefined();
    expect(codec.decode(frame(999_999), ['raw-log'])).toMatchObject({ error: { code: 'UNKNOWN_SCHEMA_ID' } });
  });

  it('lets data of another version be read, once its id is learnt', async () => {
    const topics = topicsOf('  versioned: { doc: V., value: [group-link] }');
    const link = schemas['group-link'] as unknown as { fields: object[] };
    const next = {
      ...link,
      fields: [...link.fields, { name: 'note', type: 'string', default: '' }],
    } as unknown as Schema;
    const value = {
      group_id: 'g',
      group_key: 'trace:t',
      trace_id: 't',
      previous_trace_id: 'p',
      session_id: null,
      updated_ms: 1,
      revision: 2,
      generation: 0,
    };
    const ours = new Codec(schemas);
    const theirs = new Codec({ ...schemas, 'group-link': next });
    const registry = connectRegistry(url(), ours, { schemas, topics });
    await registry.resolveIds();
    await connectRegistry(url(), theirs, {
      schemas: { ...schemas, 'group-link': next },
      topics,
    }).resolveIds();
    const written = theirs.encode('group-link', { ...value, note: 'new' });
    expect(ours.unknownId(written)).toBeTypeOf('number');
    await registry.learn(ours.unknownId(written)!);
    expect(ours.decode(written, ['group-link'])).toEqual({
      ok: true,
      value: { schema: 'group-link', value: expect.objectContaining(value) },
    });
  });

  it('stops a service whose schema cannot read what is there', async () => {
    const topics = topicsOf('  stopped: { doc: S., value: [group-link] }');
    await registryOf(topics).resolveIds();
    const link = schemas['group-link'] as unknown as { fields: object[] };
    const worse = { ...link, fields: [...link.fields, { name: 'x', type: 'int' }] } as unknown as Schema;
    await expect(
      registryOf(topics, { schemas: { ...schemas, 'group-link': worse } }).resolveIds(),
    ).rejects.toMatchObject({
      name: 'FatalError',
      message: expect.stringMatching(/field x is new and has no default/),
    });
  });

  it('that is down makes learning fail for now, and services wait for it until it is there', async () => {
    const topics = loadTopics();
    await stack.part('registry').stop();
    const codec = new Codec(schemas);
    const registry = connectRegistry(url(), codec, {
      schemas,
      topics,
      learnLimitMs: 500,
      startLimitMs: 90_000,
    });
    await expect(registry.learn(424_242)).rejects.toBeInstanceOf(RegistryUnavailableError);
    expect(codec.unknownId(frame(424_242))).toBe(424_242);
    const resolving = registry.resolveIds();
    await stack.part('registry').restart();
    await resolving;
    expect(codec.encode('group-link', codecSample())[0]).toBe(0);
  });

  const codecSample = () => ({
    group_id: 'g',
    group_key: 'k',
    trace_id: 't',
    previous_trace_id: 'p',
    session_id: null,
    updated_ms: 0,
    revision: 0,
    generation: 0,
  });
});

describe('vectadb produce, consume and lag', () => {
  const newTopic = async (partitions = 1) => {
    const topic = `t-${randomUUID()}`;
    await withAdmin((admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true }),
    );
    return topic;
  };

  it('carry lines as they are, in the order of their key, to the end of the topic', async () => {
    const topic = await newTopic(6);
    const lines = ['plain', '', '{"message":"json"}', 'tab\tand ünïcode'];
    const sent = await vectadb(['produce', topic, '--key', 'stream', '--json'], `${lines.join('\n')}\n`);
    expect(JSON.parse(sent.stdout)).toMatchObject({ topic, records: 4 });
    const read = jsonLines((await vectadb(['consume', topic, '-b', '--no-follow', '--json'])).stdout);
    expect(read.map(({ value }) => value)).toEqual(['plain', '', { message: 'json' }, 'tab\tand ünïcode']);
    expect(new Set(read.map(({ key, partition }) => `${key}/${partition}`)).size).toBe(1);
    expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
    expect(
      jsonLines((await vectadb(['consume', topic, '-b', '--limit', '2', '--json'])).stdout),
    ).toHaveLength(2);
  });

  it('decode Avro by the registry, and say of what they cannot decode why', async () => {
    const topic = await newTopic();
    const codec = new Codec(schemas);
    await connectRegistry(url(), codec, { schemas, topics: loadTopics() }).resolveIds();
    const producer = kafka.producer();
    await producer.connect();
    const link = {
      group_id: 'g',
      group_key: 'k',
      trace_id: 't',
      previous_trace_id: 'p',
      session_id: null,
      updated_ms: 1,
      revision: 2,
      generation: 0,
    };
    const unknown = Buffer.from([0, 0, 15, 66, 63, 1]);
    await producer.send({
      topic,
      messages: [
        { key: 'g', value: codec.encode('group-link', link), headers: { h: 'v' } },
        { key: null, value: unknown },
        { key: 'tombstone', value: null },
      ],
    });
    await producer.disconnect();
    const read = jsonLines((await vectadb(['consume', topic, '-b', '--no-follow', '--json'])).stdout);
    expect(read).toMatchObject([
      { key: 'g', headers: { h: 'v' }, format: 'dev.vectadb.GroupLink', value: link },
      {
        key: null,
        format: 'bytes (the registry has no schema of id 999999)',
        value: `base64:${unknown.toString('base64')}`,
      },
      { key: 'tombstone', format: 'null', value: null },
    ]);
    expect((await vectadb(['consume', topic, '-b', '--no-follow'])).stdout).toContain('"trace_id":"t"');
  });

  it('show no aborted record, and end before an open transaction', async () => {
    const topic = await newTopic();
    const transactional = async () => {
      const producer = kafka.producer({
        transactionalId: randomUUID(),
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      return { producer, transaction: await producer.transaction() };
    };
    const [aborted, committed, open] = [await transactional(), await transactional(), await transactional()];
    for (let i = 0; i < 5; i++) {
      await aborted.transaction.send({
        topic,
        messages: [{ key: Buffer.from([0, 0, 0, 0]), value: `aborted ${i}` }],
      });
      await committed.transaction.send({ topic, messages: [{ value: `committed ${i}` }] });
    }
    await committed.transaction.commit();
    await aborted.transaction.abort();
    await open.transaction.send({ topic, messages: [{ value: 'open' }] });
    const read = await vectadb(['consume', topic, '-b', '--no-follow', '--json']);
    await open.transaction.abort();
    for (const { producer } of [aborted, committed, open]) await producer.disconnect();
    expect(jsonLines(read.stdout).map(({ value }) => value)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `committed ${i}`),
    );
    expect(read.stderr).toMatch(/\/0: offsets \d+ to \d+ wait for an open transaction/);
    expect((await vectadb(['consume', topic, '-b', '--no-follow'])).stderr).toBe('');
  });

  it('read as a group go on where it was, and lag says how far behind it is', async () => {
    const topic = await newTopic(2);
    await vectadb(['produce', topic], 'one\ntwo\nthree\n');
    const group = `g-${randomUUID()}`;
    const first = await vectadb(['consume', topic, '--group', group, '--no-follow', '--json']);
    expect(
      jsonLines(first.stdout)
        .map(({ value }) => value)
        .sort(),
    ).toEqual(['one', 'three', 'two']);
    await vectadb(['produce', topic], 'four\nfive\n');
    const [lag] = JSON.parse((await vectadb(['lag', group, '--json'])).stdout);
    expect(lag).toMatchObject({ group, state: 'Empty', members: 0, lag: 2, exactlyOnce: false });
    const second = await vectadb(['consume', topic, '--group', group, '--no-follow', '--json']);
    expect(
      jsonLines(second.stdout)
        .map(({ value }) => value)
        .sort(),
    ).toEqual(['five', 'four']);
    expect((await vectadb(['lag', group])).stdout).toMatch(/lag 0/);
  });

  it('refuse a line that the topic does not take, with its number', async () => {
    const topic = await newTopic();
    const refused = await vectadb(['produce', topic], `fine\n${'x'.repeat(1_100_000)}\n`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /line 2 has 1100000 bytes, the topic takes 1048588 \(1 records are stored/,
    );
  });

  it('end quietly when the reader of their output has enough', async () => {
    const topic = await newTopic();
    await vectadb(['produce', topic], 'line of some length to fill the pipe\n'.repeat(20_000));
    const shell = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const cli = join(projectRoot(), 'dist/services/cli/main.js');
      execFile(
        'bash',
        ['-c', `set -o pipefail; "${process.execPath}" "${cli}" consume ${topic} -b | head -n 2`],
        { env: { ...process.env, ...stack.env }, timeout: 60_000 },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
    expect(shell).toMatchObject({ code: 0, stderr: '' });
    expect(shell.stdout.split('\n')).toHaveLength(3);
  });

  it('name a topic that does not exist', async () => {
    for (const args of [
      ['consume', 'nowhere'],
      ['produce', 'nowhere'],
    ]) {
      const { code, stderr } = await vectadb(args);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'vectadb: topic nowhere does not exist: see `vectadb topics list`\n',
      });
    }
  });
});
