import type { Codec } from '../../model/codec.js';
import { DEAD_LETTER_TOPIC } from '../../topology/dead-letter.js';
import type { AnySubTopology } from '../../topology/topology.js';
import { FetchLoop } from '../fetch-loop.js';
import { StreamPartition } from './stream-partition.js';
import type { Work, WorkContext } from './work.js';

export interface StreamWorkOptions {
  sub: AnySubTopology;
  codec: Codec;
  /** Asks the registry for a schema id; rejects while the registry cannot answer. */
  learnSchema: (id: number) => Promise<void>;
  /** What to do where input was deleted before it was processed. */
  onLoss?: 'stop' | 'continue';
  /** As {@link Work.confirm}. */
  confirm?: () => Promise<void>;
}

/** Work that processes the records of a topic, partition by partition, with one sub-topology. */
export class StreamWork implements Work {
  readonly name: string;
  readonly groupId: string;
  readonly source: string;
  readonly changelog: string;
  readonly outputs: string[];
  private running: { context: WorkContext; fetchLoop: FetchLoop } | null = null;

  constructor(private readonly options: StreamWorkOptions) {
    const { sub } = options;
    this.name = sub.name;
    this.groupId = sub.groupId;
    this.source = sub.source;
    this.changelog = sub.changelog;
    this.outputs = [
      sub.deadLetters ?? DEAD_LETTER_TOPIC,
      ...Object.values(sub.sinks).map(({ topic }) => topic),
    ];
  }

  get inputError(): string | null {
    return this.running?.fetchLoop.lastError ?? null;
  }

  async confirm(): Promise<void> {
    await this.options.confirm?.();
  }

  start(context: WorkContext): void {
    this.running = { context, fetchLoop: new FetchLoop(context.cluster, context.logger) };
  }

  create(partition: number): StreamPartition {
    const { context, fetchLoop } = this.running!;
    return new StreamPartition(partition, {
      ...this.options,
      ...context,
      onLoss: this.options.onLoss ?? 'stop',
      fetchLoop,
    });
  }

  async close(): Promise<void> {
    await this.running?.fetchLoop.close();
  }
}
