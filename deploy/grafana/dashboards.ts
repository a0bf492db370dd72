import { type Dashboard, graph, percentiles, rate, stat } from './panel.js';

const overview: Dashboard = {
  uid: 'vectadb-overview',
  title: 'VectaDB: overview',
  description: 'Whether lines become stored events, how fast, and what is lost. Begin here.',
  rows: [
    {
      title: 'Is all well?',
      panels: [
        stat(
          'Services down',
          'Services that Prometheus cannot scrape.',
          'short',
          { expr: 'count(up{job="vectadb"} == 0) or vector(0)', legend: 'down' },
          { warn: 1, bad: 1 },
        ),
        stat(
          'Stores down',
          'Stores of which some service has no answer.',
          'short',
          { expr: 'count(vectadb_store_up == 0) or vector(0)', legend: 'down' },
          { warn: 1, bad: 1 },
        ),
        stat(
          'Longest wait',
          'Age of the oldest line or event that some stage has not processed.',
          's',
          { expr: 'max(vectadb_consumer_lag_seconds)', legend: 'lag' },
          { warn: 30, bad: 300 },
        ),
        stat(
          'Dead letters, 1 h',
          'Records that could not be processed: vectadb dlq list.',
          'short',
          { expr: 'sum(increase(vectadb_dead_letters_total[1h]))', legend: 'dead letters' },
          { warn: 1, bad: 100 },
        ),
        stat(
          'Unaccounted, 24 h',
          'Accepted lines of the last 24 hours of which nothing is known. Must be 0.',
          'short',
          { expr: 'max(vectadb_flow_events{hours="24", outcome="unaccounted"})', legend: 'unaccounted' },
          { warn: 1, bad: 1 },
        ),
        stat(
          'Understood, 1 h',
          'Share of events that a rule understood; the rest is kept as it is.',
          'percentunit',
          {
            expr: 'sum(increase(vectadb_parse_records_total{fate="parsed"}[1h])) / sum(increase(vectadb_parse_records_total{fate=~"parsed|fallback"}[1h]))',
            legend: 'understood',
          },
          { warn: 0.8, bad: 0.5 },
          true,
        ),
      ],
    },
    {
      title: 'Flow',
      panels: [
        graph('Records processed', 'Values a second of each stage of the processor.', 'ops', [
          rate('vectadb_processor_values_total', ['stage']),
        ]),
        graph('Events stored', 'Rows and points written a second.', 'ops', [
          { ...rate('vectadb_surreal_sink_events_inserted_total'), legend: 'SurrealDB' },
          { ...rate('vectadb_qdrant_sink_points_written_total'), legend: 'Qdrant' },
        ]),
        graph('New traces', 'Traces of which the first event was seen, a second.', 'ops', [
          { ...rate('vectadb_processor_traces_started_total'), legend: 'started' },
        ]),
        graph(
          'From line to store',
          'From the append of a line to raw-logs to its event in a store.',
          's',
          percentiles('vectadb_event_delay_seconds', ['store']),
          12,
        ),
        graph(
          'Lag in seconds',
          'Age of the oldest record that a group has not processed.',
          's',
          [{ expr: 'max by (group) (vectadb_consumer_lag_seconds)', legend: '{{group}}' }],
          12,
        ),
      ],
    },
    {
      title: 'Processes',
      panels: [
        graph('Memory', 'Resident memory; the poller is bound to 100 MB.', 'bytes', [
          {
            expr: 'sum by (service, instance) (vectadb_process_resident_memory_bytes)',
            legend: '{{service}} {{instance}}',
          },
        ]),
        graph('CPU', 'Cores used.', 'none', [
          rate('vectadb_process_cpu_seconds_total', ['service', 'instance']),
        ]),
        graph(
          'Event loop',
          'How late timers fire, 99th percentile: above 0.1 s a process is busy with one thing.',
          's',
          [{ expr: 'max by (service) (vectadb_nodejs_eventloop_lag_p99_seconds)', legend: '{{service}}' }],
        ),
      ],
    },
  ],
};

const pipeline: Dashboard = {
  uid: 'vectadb-pipeline',
  title: 'VectaDB: pipeline',
  description: 'Processor and sinks: consumer groups, transactions, dead letters, stores.',
  rows: [
    {
      title: 'Consumer groups',
      panels: [
        graph('Lag in records', 'Offsets not processed yet, of each group.', 'short', [
          { expr: 'sum by (group) (vectadb_consumer_lag_records)', legend: '{{group}}' },
        ]),
        graph('Partitions by state', 'Owned partitions; failing ones are tried again.', 'short', [
          { expr: 'sum by (group, state) (vectadb_consumer_partitions)', legend: '{{group}} {{state}}' },
        ]),
        graph('Members', 'Processes in the group; reading: Kafka answers their fetches.', 'short', [
          { expr: 'sum by (group) (vectadb_consumer_joined)', legend: '{{group}} joined' },
          { expr: 'sum by (group) (vectadb_consumer_reading)', legend: '{{group}} reading' },
        ]),
      ],
    },
    {
      title: 'Processor',
      panels: [
        graph(
          'Latency of a stage',
          'From the append of the oldest record of a transaction to its commit.',
          's',
          percentiles('vectadb_processor_latency_seconds', ['stage']),
          12,
        ),
        graph(
          'Transactions',
          'Time of a transaction. One that takes seconds: the broker is slow, or its disk is full.',
          's',
          percentiles('vectadb_processor_transaction_duration_seconds', ['stage']),
          12,
        ),
        graph('Commits', 'Transactions a second.', 'ops', [
          rate('vectadb_processor_transactions_total', ['stage']),
        ]),
        graph('Failures', 'Failures of a partition a second, by what they mean.', 'ops', [
          rate('vectadb_processor_failures_total', ['stage', 'kind']),
        ]),
        graph(
          'Partitions acquired and fenced',
          'More than now and then: the group does not come to rest.',
          'ops',
          [
            { ...rate('vectadb_processor_restores_total', ['stage']), legend: '{{stage}} acquired' },
            { ...rate('vectadb_processor_fencings_total', ['stage']), legend: '{{stage}} fenced' },
          ],
        ),
        graph('State', 'Entries held in memory.', 'short', [
          { expr: 'sum by (stage) (vectadb_processor_state_entries)', legend: '{{stage}}' },
        ]),
        graph('What became of lines', 'Records read by parse, a second.', 'ops', [
          rate('vectadb_parse_records_total', ['fate']),
        ]),
        graph('Dead letters', 'Records a second, by stage and cause.', 'ops', [
          rate('vectadb_dead_letters_total', ['stage', 'cause']),
        ]),
      ],
    },
    {
      title: 'Sinks',
      panels: [
        graph(
          'SurrealDB: time of a batch',
          'From a batch in hand to its rows stored.',
          's',
          percentiles('vectadb_surreal_sink_batch_duration_seconds', ['topic']),
        ),
        graph(
          'Qdrant: time of a batch',
          'From a batch in hand to its points stored, vectors included.',
          's',
          percentiles('vectadb_qdrant_sink_batch_duration_seconds'),
        ),
        graph(
          'Qdrant: time of vectors',
          'Time to make the vectors of a batch.',
          's',
          percentiles('vectadb_qdrant_sink_embed_duration_seconds'),
        ),
        graph('SurrealDB: rows', 'Rows a second.', 'ops', [
          { ...rate('vectadb_surreal_sink_events_inserted_total'), legend: 'inserted' },
          { ...rate('vectadb_surreal_sink_events_replaced_total'), legend: 'replaced' },
          { ...rate('vectadb_surreal_sink_events_ignored_total'), legend: 'ignored' },
          { ...rate('vectadb_surreal_sink_events_moved_total'), legend: 'moved' },
          { ...rate('vectadb_surreal_sink_traces_written_total'), legend: 'traces' },
        ]),
        graph('Vectors', 'Texts a second: made, and known already.', 'ops', [
          { ...rate('vectadb_qdrant_sink_embedded_total'), legend: 'made' },
          { ...rate('vectadb_qdrant_sink_cache_hits_total'), legend: 'known' },
        ]),
        graph('Failed batches', 'Batches a second that are tried again.', 'ops', [
          { ...rate('vectadb_surreal_sink_failed_batches_total'), legend: 'SurrealDB' },
          { ...rate('vectadb_qdrant_sink_failed_batches_total'), legend: 'Qdrant' },
        ]),
      ],
    },
  ],
};

const gateway: Dashboard = {
  uid: 'vectadb-gateway',
  title: 'VectaDB: gateway and stores',
  description: 'The HTTP API: requests, latency, refusals; connections to Kafka, SurrealDB and Qdrant.',
  rows: [
    {
      title: 'HTTP',
      panels: [
        graph('Requests', 'A second, by route.', 'reqps', [
          rate('vectadb_gateway_request_duration_seconds_count', ['route']),
        ]),
        graph(
          'Latency',
          'Time to the answer of what is asked by users.',
          's',
          percentiles('vectadb_gateway_request_duration_seconds', [], '{route=~"/api/.*"}'),
        ),
        graph('Answers', 'A second, by status: 429 is a limit, 503 a store or Kafka.', 'reqps', [
          rate('vectadb_gateway_request_duration_seconds_count', ['status']),
        ]),
        graph('Slowest routes', '95th percentile of each route.', 's', [
          {
            expr: 'topk(8, histogram_quantile(0.95, sum by (route, le) (rate(vectadb_gateway_request_duration_seconds_bucket[$__rate_interval]))))',
            legend: '{{route}}',
          },
        ]),
        graph(
          'Connections',
          'Open HTTP connections and live feeds, requests that wait for trace ids.',
          'short',
          [
            { expr: 'sum(vectadb_gateway_connections)', legend: 'connections' },
            { expr: 'sum(vectadb_gateway_live_clients)', legend: 'live feeds' },
            { expr: 'sum(vectadb_gateway_waiting_requests)', legend: 'waiting' },
          ],
        ),
        graph('Events taken', 'Events and lines a second, by what became of them.', 'ops', [
          rate('vectadb_gateway_events_total', ['route', 'outcome']),
        ]),
      ],
    },
    {
      title: 'Kafka',
      panels: [
        graph(
          'Acknowledgement',
          'From events in hand to the acknowledgement of Kafka.',
          's',
          percentiles('vectadb_gateway_produce_duration_seconds', ['outcome']),
        ),
        graph(
          'On their way',
          'Records that Kafka has not acknowledged; a limit keeps them bounded.',
          'short',
          [{ expr: 'sum(vectadb_gateway_in_flight_records)', legend: 'records' }],
        ),
        graph('On their way, bytes', 'Bytes that Kafka has not acknowledged.', 'bytes', [
          { expr: 'sum(vectadb_gateway_in_flight_bytes)', legend: 'bytes' },
        ]),
      ],
    },
    {
      title: 'Stores, as every service sees them',
      panels: [
        graph(
          'Time of a request',
          'From a request to a store to its answer.',
          's',
          percentiles('vectadb_store_request_duration_seconds', ['service', 'store']),
        ),
        graph('Requests under way', 'Use of the connections.', 'short', [
          {
            expr: 'sum by (service, store) (vectadb_store_requests_in_flight)',
            legend: '{{service}} {{store}}',
          },
        ]),
        graph('Failed requests', 'A second: refused by the store, or without an answer.', 'ops', [
          rate('vectadb_store_request_failures_total', ['service', 'store', 'outcome']),
        ]),
        graph('Store answers', '1 while it does.', 'short', [
          { expr: 'min by (service, store) (vectadb_store_up)', legend: '{{service}} {{store}}' },
        ]),
        graph('Audit entries lost', 'Entries that could not be kept, a second. Must be 0.', 'ops', [
          { ...rate('vectadb_gateway_audit_lost_entries_total'), legend: 'lost' },
        ]),
        graph('Gateway reaches Kafka', '1 while Kafka takes events and answers.', 'short', [
          { expr: 'min(vectadb_gateway_kafka_up)', legend: 'Kafka' },
        ]),
      ],
    },
  ],
};

const cloudwatch: Dashboard = {
  uid: 'vectadb-cloudwatch',
  title: 'VectaDB: CloudWatch',
  description: 'The poller: how far behind each log group is, what CloudWatch refuses, what came late.',
  rows: [
    {
      title: 'Log groups',
      panels: [
        graph('Lag', 'How far behind now each group has been read.', 's', [
          { expr: 'max by (group) (vectadb_cloudwatch_lag_seconds)', legend: '{{group}}' },
        ]),
        graph(
          'Delay',
          'From the time of an event to its commit in raw-logs.',
          's',
          percentiles('vectadb_cloudwatch_delay_seconds'),
        ),
        graph('Delivered', 'Events a second.', 'ops', [
          rate('vectadb_cloudwatch_events_delivered_total', ['group']),
        ]),
        graph(
          'Late and repeated',
          'Events a second: visible after the fast lane had passed; seen before.',
          'ops',
          [
            { ...rate('vectadb_cloudwatch_events_late_total'), legend: 'late' },
            { ...rate('vectadb_cloudwatch_events_duplicate_total'), legend: 'repeated' },
            { ...rate('vectadb_cloudwatch_events_beyond_lookback_total'), legend: 'beyond the lookback' },
          ],
        ),
        graph('Readable', '1 where the last attempt to read the group succeeded.', 'short', [
          { expr: 'min by (group) (vectadb_cloudwatch_group_readable)', legend: '{{group}}' },
        ]),
        graph('Time between two passes', 'Of the fast lane of each group.', 's', [
          { expr: 'max by (group) (vectadb_cloudwatch_poll_interval_seconds)', legend: '{{group}}' },
        ]),
      ],
    },
    {
      title: 'The API of CloudWatch',
      panels: [
        graph('Calls', 'A second, by account and region.', 'reqps', [
          rate('vectadb_cloudwatch_api_calls_total', ['target', 'operation']),
        ]),
        graph(
          'Time of a call',
          'Failed calls included.',
          's',
          percentiles('vectadb_cloudwatch_api_duration_seconds'),
        ),
        graph('Throttled', 'Calls a second that the quota refused; the rate is then halved.', 'reqps', [
          rate('vectadb_cloudwatch_throttles_total', ['target']),
        ]),
        graph(
          'Allowed',
          'Requests a second that the poller allows itself, and requests that wait.',
          'short',
          [
            { expr: 'sum by (target) (vectadb_cloudwatch_request_rate)', legend: '{{target}} a second' },
            { expr: 'sum by (target) (vectadb_cloudwatch_requests_waiting)', legend: '{{target}} waiting' },
          ],
        ),
        graph('Ranges read to their end', 'Share since the start.', 'percentunit', [
          { expr: 'min by (instance) (vectadb_cloudwatch_cycle_success_ratio)', legend: '{{instance}}' },
        ]),
        graph('Accounts that can be listed', '1 where the log groups could be listed.', 'short', [
          { expr: 'min by (target) (vectadb_cloudwatch_target_listed)', legend: '{{target}}' },
        ]),
      ],
    },
    {
      title: 'The process',
      panels: [
        graph('Memory', 'Resident memory of each poller, bound to 100 MB; ids of events in it.', 'bytes', [
          {
            expr: 'max by (instance) (vectadb_process_resident_memory_bytes{service="cloudwatch-poller"})',
            legend: '{{instance}}',
          },
          {
            expr: 'max by (instance) (vectadb_cloudwatch_seen_ids_memory_bytes)',
            legend: '{{instance}} ids',
          },
        ]),
        graph('Shards', 'Shards of log groups that pollers own, by state.', 'short', [
          { expr: 'sum by (state) (vectadb_cloudwatch_shards)', legend: '{{state}}' },
        ]),
        graph(
          'Transactions',
          'Time to commit a page.',
          's',
          percentiles('vectadb_cloudwatch_transaction_duration_seconds'),
        ),
      ],
    },
  ],
};

/** File name in deploy/grafana/dashboards → what it shows. */
export const DASHBOARDS: Record<string, Dashboard> = {
  'overview.json': overview,
  'pipeline.json': pipeline,
  'gateway.json': gateway,
  'cloudwatch.json': cloudwatch,
};
