import { pino } from 'pino';
import { API_KEY, LOG_GROUP, Pipeline, type PipelineOptions } from '../pipeline/pipeline.js';
import { Inspection } from './check/inspection.js';
import { Ledger, type Way } from './oracle/minted.js';
import { batchSender, cloudWatchSender, foreignSender, type Sender, singleSender } from './oracle/senders.js';

/** A running system and everything that is known of it from outside; several trials may follow one another in it. */
export class Session {
  readonly ledger = new Ledger();
  private readonly closing: (() => Promise<void>)[] = [];
  /** Every way in. */
  readonly senders: Partial<Record<Way, Sender>>;
  private unexpectedSeen = 0;

  private constructor(
    readonly system: Pipeline,
    readonly inspection: Inspection,
  ) {
    const gateway = { url: () => system.gatewayUrl, apiKey: API_KEY };
    const foreign = foreignSender(system.stack.brokers);
    const lines = foreignSender(system.stack.brokers);
    this.closing.push(foreign.close, lines.close, () => inspection.close());
    this.senders = {
      batch: batchSender(gateway),
      single: singleSender(gateway),
      foreign: foreign.send,
      lines: lines.send,
      ...(system.cloudWatch && { cloudwatch: cloudWatchSender(system.cloudWatch, LOG_GROUP) }),
    };
  }

  static async open(options: PipelineOptions = {}): Promise<Session> {
    const system = await Pipeline.start(options);
    try {
      return new Session(system, await Inspection.open(system, pino({ level: 'silent' })));
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  /** As many instances as a trial wants; those that join are ready. */
  async scaleTo({ processors = 1, surrealSinks = 1, qdrantSinks = 1 }: PipelineOptions): Promise<void> {
    const { system } = this;
    for (const [name, count] of Object.entries({
      processor: processors,
      'surreal-sink': surrealSinks,
      'qdrant-sink': qdrantSinks,
    })) {
      const wanted = Array.from({ length: count }, (_, n) => `${name}-${n}`);
      const there = [...system.services.keys()].filter((slot) => slot.startsWith(name));
      for (const slot of there) if (!wanted.includes(slot)) await system.remove(slot, 'stop');
      for (const slot of wanted) if (!there.includes(slot)) system.add(name, slot);
    }
    await system.ready();
  }

  /** Ends by which a service was not asked to end, since this was asked last. */
  newUnexpectedEnds(): string[] {
    const all = this.system.unexpectedEnds();
    const fresh = all.slice(this.unexpectedSeen);
    this.unexpectedSeen = all.length;
    return fresh;
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.map((close) => close()));
    await this.system.stop();
  }
}
