import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Reservation, reservePort } from '../../deploy/local/ports.js';
import { startStack, type TestStack } from '../testing/stack.js';
import { ClusterClient, createKafka } from './cluster.js';
import { Membership } from './membership.js';

// https://kafka.apache.org/protocol#protocol_api_keys and #protocol_error_codes
const FIND_COORDINATOR = 10;
const JOIN_GROUP = 11;
const HEARTBEAT = 12;
const COORDINATOR_LOAD_IN_PROGRESS = 14;
const NOT_COORDINATOR = 16;

/** Answers that a client is given in the broker's place, by api key: each once. */
const answers = new Map<number, Buffer>();
/** Called in place of a JoinGroup with what passes it on. */
let onJoin: ((pass: () => void) => void) | null = null;
let reservation: Reservation;
let proxy: Server;
let stack: TestStack;

beforeAll(async () => {
  reservation = await reservePort();
  stack = await startStack({ kafka: true, kafkaBehindPort: reservation.port });
  const [host, port] = stack.brokers[0]!.split(':') as [string, string];
  proxy = createServer((client) => {
    const broker = connect(Number(port), host);
    client.on('error', () => broker.destroy());
    broker.on('error', () => client.destroy());
    forward(client, broker);
    broker.pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(reservation.port, '127.0.0.1', resolve));
});
afterAll(async () => {
  await stack?.stop();
  proxy?.close();
  reservation?.release();
});

/** Passes requests on, but for those that are answered here: 4 bytes of size, 2 of api key, 2 of version, 4 of correlation id. */
function forward(client: Socket, broker: Socket): void {
  let bytes = Buffer.alloc(0);
  client.on('data', (more) => {
    bytes = Buffer.concat([bytes, more]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
      const request = bytes.subarray(0, 4 + bytes.readInt32BE(0));
      bytes = bytes.subarray(request.length);
      const answer = answers.get(request.readInt16BE(4));
      answers.delete(request.readInt16BE(4));
      if (onJoin && request.readInt16BE(4) === JOIN_GROUP) onJoin(() => broker.write(request));
      else if (answer === undefined) broker.write(request);
      else client.write(framed(request.readInt32BE(8), answer));
    }
  });
  client.on('close', () => broker.destroy());
}

function framed(correlationId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, body]);
}

/** FindCoordinator, version 1: throttle time, an error that the client does not ask again after, no message, node, host or port. */
const NO_COORDINATOR = Buffer.concat([
  Buffer.from([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
  Buffer.alloc(4 + 2 + 4),
]);

/** Throttle time and error, and for JoinGroup no generation, three empty texts and no members. */
function refusal(apiKey: number, error: number): Buffer {
  const body = Buffer.alloc(apiKey === JOIN_GROUP ? 20 : 6);
  body.writeInt16BE(error, 4);
  return body;
}

/** A membership of the group whose broker answers as the test says; it has not started. */
async function withMembership(use: (membership: Membership) => Promise<void>): Promise<void> {
  const kafka = { brokers: [`127.0.0.1:${reservation.port}`], clientId: 'membership-test' };
  const admin = createKafka(kafka).admin();
  const topics = [{ topic: 'berths', numPartitions: 2 }];
  if (!(await admin.listTopics()).includes('berths'))
    await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
  const cluster = new ClusterClient(kafka);
  await cluster.connect(['berths']);
  const membership = new Membership({
    kafka,
    groupId: 'harbour',
    topics: ['berths'],
    cluster,
    logger: pino({ level: 'silent' }),
    claims: () => ({}),
    sessionTimeoutMs: 30_000,
    memberFile: null,
  });
  try {
    await use(membership);
  } finally {
    await membership.close();
    await cluster.disconnect();
  }
}

async function join(membership: Membership): Promise<void> {
  await membership.start();
  while (!membership.joined) await once(membership, 'assigned');
}

it('is in its group again when a coordinator that refused it, and its new join, answers its heartbeat', () =>
  withMembership(async (membership) => {
    await join(membership);
    const { generation } = membership;
    await once(membership, 'heartbeat');

    answers.set(JOIN_GROUP, refusal(JOIN_GROUP, COORDINATOR_LOAD_IN_PROGRESS));
    answers.set(HEARTBEAT, refusal(HEARTBEAT, NOT_COORDINATOR));
    await once(membership, 'revoking');
    expect(membership.joined).toBe(false);
    await once(membership, 'heartbeat');
    expect([...answers.keys()]).toEqual([]);
    expect([membership.joined, membership.generation]).toEqual([true, generation]);
  }));

it('joins anew when its client gave up because no broker could say who the coordinator is', () =>
  withMembership(async (membership) => {
    const fatal: Error[] = [];
    membership.on('fatal', (error) => fatal.push(error));
    await join(membership);
    const { generation, memberId } = membership;
    await once(membership, 'heartbeat');

    answers.set(FIND_COORDINATOR, NO_COORDINATOR);
    answers.set(HEARTBEAT, refusal(HEARTBEAT, NOT_COORDINATOR));
    const [none] = await once(membership, 'assigned');
    expect(none).toEqual([]);
    const [partitions] = await once(membership, 'assigned');
    expect([...partitions].sort()).toEqual(['berths/0', 'berths/1']);
    expect([...answers.keys()]).toEqual([]);
    expect([membership.joined, membership.generation]).toEqual([true, generation + 1]);
    expect(membership.memberId).not.toBe(memberId);
    expect(fatal).toEqual([]);
  }));

it('comes to its end without an error when it is closed before it has joined', () =>
  withMembership(async (membership) => {
    const started = membership.start();
    await membership.close();
    await started;
    expect(membership.joined).toBe(false);
  }));

it('comes to its end without an error when it is closed while the coordinator lets it wait', () =>
  withMembership(async (membership) => {
    const fatal: Error[] = [];
    membership.on('fatal', (error) => fatal.push(error));
    const held = new Promise<() => void>((resolve) => {
      onJoin = resolve;
    });
    const started = membership.start();
    const goOn = await held;
    onJoin = null;
    const closed = membership.close();
    goOn();
    await Promise.all([started, closed]);
    expect([membership.joined, fatal]).toEqual([false, []]);
  }));
