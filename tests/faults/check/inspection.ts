import { setTimeout as delay } from 'node:timers/promises';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { connectRegistry, type Registry } from '../../../lib/kafka/registry.js';
import { readEpochs } from '../../../lib/kafka/topics/epochs.js';
import { Codec } from '../../../lib/model/codec.js';
import { pointId } from '../../../lib/model/ids.js';
import { connectQdrant } from '../../../lib/stores/qdrant/store.js';
import { connectSurreal, type SurrealStore } from '../../../lib/stores/surreal/index.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { Ledger } from '../oracle/minted.js';
import { type HealthAnswer, healthOf, lagOf } from '../probes.js';
import { faultsOf } from './compare.js';
import {
  countEdges,
  countRows,
  deadLettersOf,
  emissionsOf,
  readPoints,
  readRecords,
  readRows,
  readTraces,
} from './holdings.js';
import { ReadAlong } from './read-along.js';
import { type Reference, referenceRun } from './reference.js';

const TOPICS = ['raw-logs', 'parsed-events', 'group-states', 'agent-events', 'agent-traces', 'dead-letter'];
const SETTLE_LIMIT_MS = 120_000;
/** Once there is as much as there must be, the last corrections (moves, counts) take no longer. */
const CORRECT_LIMIT_MS = 20_000;
const POLL_MS = 300;
/** Event ids, and refs of lines. */
const NAMES = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=ref=)[a-z0-9]+-[0-9]+/g;

export type StoreName = 'surreal' | 'qdrant';
export const BOTH_STORES: readonly StoreName[] = ['surreal', 'qdrant'];

/** Looks at a system from outside: what its topics and stores hold, against the reference run. */
export class Inspection {
  private constructor(
    private readonly system: Pipeline,
    private readonly codec: Codec,
    private readonly registry: Registry,
    private readonly surreal: SurrealStore,
    private readonly readAlong: ReadAlong,
  ) {}

  static async open(system: Pipeline, logger: Logger): Promise<Inspection> {
    const { env, brokers } = system.stack;
    const codec = new Codec(loadSchemas());
    const registry = connectRegistry(env.SCHEMA_REGISTRY_URL!, codec, { logger });
    await registry.resolveIds();
    const surreal = await connectSurreal({
      url: env.SURREAL_URL!,
      user: env.SURREAL_USER ?? 'root',
      password: env.SURREAL_PASS ?? 'root',
      namespace: 'vectadb',
      database: 'production',
    });
    return new Inspection(system, codec, registry, surreal, await ReadAlong.open(brokers, logger));
  }

  async close(): Promise<void> {
    await Promise.all([this.surreal.close(), this.readAlong.close()]);
  }

  get rawLogId(): number {
    const nothing = { message: '', timestamp_ms: null, source: null, event: null, options: null };
    return this.codec.encode('raw-log', nothing).readInt32BE(1);
  }

  /** Whether these stores hold all of these events. */
  async holds(eventIds: string[], stores: readonly StoreName[]): Promise<boolean> {
    if (stores.includes('surreal')) {
      const [rows] = (await this.surreal.query(
        'RETURN $ids.map(|$id| record::exists(type::record("agent_event", $id)))',
        {
          ids: eventIds,
        },
      )) as [boolean[]];
      if (!rows.every(Boolean)) return false;
    }
    if (!stores.includes('qdrant')) return true;
    const { client, collection } = connectQdrant(this.system.stack.env.QDRANT_URL!);
    return (await client.retrieve(collection, { ids: eventIds.map(pointId) })).length === eventIds.length;
  }

  /** Waits until the stores hold as much as the reference run gives, and compares everything. Returns what is wrong. */
  async settle(ledger: Ledger): Promise<string[]> {
    const unread = await this.arrival(ledger);
    if (unread.length > 0) return unread;
    const reference = await this.reference();
    const limit = Date.now() + SETTLE_LIMIT_MS;
    // counting and comparing cost what those who still work need
    while (Date.now() < limit) {
      if ((await this.lag()).length === 0 && (await countRows(this.surreal)) >= reference.events.size) break;
      await delay(POLL_MS);
    }
    const corrected = Date.now() + CORRECT_LIMIT_MS;
    for (;;) {
      const faults = [...(await this.compare(ledger, reference)), ...(await this.lag())];
      if (faults.length === 0 || Date.now() > corrected) return faults;
      await delay(POLL_MS);
    }
  }

  /** Waits until all that was acknowledged is in raw-logs: what CloudWatch has comes later. */
  private async arrival({ acknowledged }: Ledger): Promise<string[]> {
    const limit = Date.now() + SETTLE_LIMIT_MS;
    for (;;) {
      const there = new Set<string>();
      for (const { value } of await readRecords(this.system.stack.brokers, 'raw-logs')) {
        const text = value?.toString('latin1') ?? '';
        for (const name of text.matchAll(NAMES)) there.add(name[0]);
      }
      const missing = [...acknowledged].filter((ref) => !there.has(ref));
      if (missing.length === 0) return [];
      if (Date.now() > limit)
        return [`raw-logs: ${missing.length} acknowledged and not there (${missing.slice(0, 3)})`];
      await delay(POLL_MS);
    }
  }

  private async reference(): Promise<Reference> {
    const { brokers, env } = this.system.stack;
    const kafka = { brokers, clientId: 'faults-reference' };
    const cluster = new ClusterClient(kafka);
    await cluster.connect(TOPICS);
    const counts = new Map<string, number>();
    for (const topic of TOPICS) counts.set(topic, (await cluster.partitionsOf(topic)).length);
    await cluster.disconnect();
    return referenceRun(await readRecords(brokers, 'raw-logs'), {
      codec: this.codec,
      registry: this.registry,
      epochs: await readEpochs(kafka),
      partitionsOf: (topic) => counts.get(topic)!,
      configPath: env.VECTADB_CONFIG ?? 'config.yaml',
    });
  }

  private async compare(ledger: Ledger, reference: Reference): Promise<string[]> {
    const { brokers, env } = this.system.stack;
    const emissions = emissionsOf(this.codec, await readRecords(brokers, 'agent-events'));
    return faultsOf({
      ledger,
      reference,
      rows: await readRows(this.surreal),
      traces: await readTraces(this.surreal),
      edges: await countEdges(this.surreal),
      points: await readPoints(env.QDRANT_URL!),
      emissions,
      readAlong: emissionsOf(this.codec, this.readAlong.records),
      deadLetters: deadLettersOf(await readRecords(brokers, 'dead-letter')),
    });
  }

  /** What the services say that they have still to do. */
  private async lag(): Promise<string[]> {
    const behind: string[] = [];
    for (const [slot, kept] of this.system.services) {
      if (slot.startsWith('gateway')) continue;
      const health = await healthOf(kept).catch((error: unknown): HealthAnswer => {
        // it ends a connection that was idle, or is starting
        return { ready: false, state: `it does not answer: ${String(error)}` };
      });
      if (!health.ready) behind.push(`${slot} is not ready: ${health.state}`);
      const lag = lagOf(health);
      if (lag > 0) behind.push(`${slot} lags by ${lag}`);
    }
    return behind;
  }
}
