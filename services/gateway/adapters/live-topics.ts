import { type Tail, tailTopic } from '../../../lib/kafka/tail.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import type { Codec } from '../../../lib/model/codec.js';
import type { AgentEvent, AgentTrace, GroupLink } from '../../../lib/model/events.js';
import { levelName, searchText } from '../../../lib/model/facts/search-text.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import { LIVE_LIMITS, LiveFeed, type LiveMessage } from '../live.js';
import type { LivePort } from '../ports.js';

/** How long the topics are read on after the last client has gone, for one that comes back. */
const LINGER_MS = 60_000;

/** The live feed over agent-events and agent-traces: read once for all clients, and only while there are any. */
export function liveTopics(options: {
  kafka: KafkaSettings;
  codec: Codec;
  learn: (id: number) => Promise<void>;
  instance: string;
  logger: Logger;
}): LivePort {
  const { kafka, codec, logger } = options;
  let tails: Tail[] = [];
  let linger: NodeJS.Timeout | null = null;
  const stop = () => {
    const ending = tails;
    tails = [];
    feed.gap();
    return Promise.all(ending.map((tail) => tail.close()));
  };
  const read = (records: EncodedRecord[]) => {
    for (const { value } of records) {
      if (value === null) continue;
      const unknown = codec.unknownId(value);
      if (unknown !== undefined) {
        // a newer writer's: this one is passed over, the next will be read
        options
          .learn(unknown)
          .catch((error: unknown) => logger.warn({ reason: String(error) }, 'a schema id is not known'));
        continue;
      }
      const decoded = codec.decode<AgentEvent | GroupLink | AgentTrace>(value, [
        'agent-event',
        'group-link',
        'agent-trace',
      ]);
      const message = decoded.ok ? messageOf(decoded.value.value) : null;
      if (message) feed.publish(message);
    }
  };
  const feed = new LiveFeed(options.instance, LIVE_LIMITS, (clients) => {
    if (linger) clearTimeout(linger);
    linger = null;
    if (clients > 0 && tails.length === 0) {
      tails = ['agent-events', 'agent-traces'].map((topic) =>
        tailTopic({ kafka, topic, from: 'latest', onRecords: read, logger }),
      );
      for (const tail of tails) {
        tail.ready.catch((error: unknown) => {
          logger.warn(
            { reason: String(error) },
            'the live feed cannot read its topics: clients are told to come again',
          );
          feed.endAll();
          void stop();
        });
      }
    }
    if (clients === 0) linger = setTimeout(() => void stop(), LINGER_MS).unref();
  });
  return {
    subscribe: (filter, lastId) => feed.subscribe(filter, lastId),
    clients: () => feed.size,
    close: async () => {
      feed.close();
      if (linger) clearTimeout(linger);
      await stop();
    },
  };
}

function messageOf(value: AgentEvent | GroupLink | AgentTrace): LiveMessage | null {
  if ('event_id' in value) return eventMessage(value);
  // a link moves rows that were told already; the trace's own row says what became of it
  return 'total_events' in value ? traceMessage(value) : null;
}

const iso = (ms: number) => new Date(ms).toISOString();

function eventMessage(event: AgentEvent): LiveMessage {
  const {
    timestamp_ms,
    created_ms,
    updated_ms,
    properties,
    why: _,
    options: __,
    raw: ___,
    group_key: ____,
    ...rest
  } = event;
  const read = JSON.parse(properties) as Record<string, unknown>;
  return {
    subject: {
      kind: 'event',
      event_types: [event.event_type],
      agents: event.agent_id === null ? [] : [event.agent_id],
      session_id: event.session_id,
      trace_id: event.trace_id,
      level: levelName(read.level),
      status: null,
      text: () => searchText(read),
    },
    data: JSON.stringify({
      ...rest,
      properties: read,
      timestamp: iso(timestamp_ms),
      created_at: iso(created_ms),
      updated_at: iso(updated_ms),
    }),
  };
}

function traceMessage(trace: AgentTrace): LiveMessage {
  const { start_ms, end_ms, created_ms, updated_ms, ...rest } = trace;
  return {
    subject: {
      kind: 'trace',
      event_types: Object.keys(trace.event_counts),
      agents: trace.agents,
      session_id: trace.session_id,
      trace_id: trace.trace_id,
      level: null,
      status: trace.status,
      text: () => '',
    },
    data: JSON.stringify({
      ...rest,
      start_time: iso(start_ms),
      end_time: iso(end_ms),
      created_at: iso(created_ms),
      updated_at: iso(updated_ms),
    }),
  };
}
