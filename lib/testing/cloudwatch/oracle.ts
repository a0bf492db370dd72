/** An event with its identity: whose group and stream, which time and text. */
export interface OracleEvent {
  eventId: string;
  group: string;
  stream: string;
  timestampMs: number;
  message: string;
}

export interface OracleFault {
  kind: 'lost' | 'doubled' | 'invented' | 'altered';
  eventId: string;
  /** What is known of it. */
  detail: string;
}

/**
 * How what was delivered differs from what was put: every event must be there once, unchanged, and no other. Empty when
 * nothing is wrong. Order is not compared.
 */
export function compareEvents(put: readonly OracleEvent[], delivered: readonly OracleEvent[]): OracleFault[] {
  const wanted = new Map(put.map((event) => [event.eventId, event]));
  const count = new Map<string, number>();
  const faults: OracleFault[] = [];
  for (const event of delivered) {
    const { eventId } = event;
    const times = (count.get(eventId) ?? 0) + 1;
    count.set(eventId, times);
    const original = wanted.get(eventId);
    if (!original) faults.push({ kind: 'invented', eventId, detail: describe(event) });
    else if (times > 1)
      faults.push({ kind: 'doubled', eventId, detail: `${describe(event)}, time ${times}` });
    else if (describe(original) !== describe(event)) {
      faults.push({ kind: 'altered', eventId, detail: `${describe(event)} was ${describe(original)}` });
    }
  }
  for (const event of put) {
    if (!count.has(event.eventId)) {
      faults.push({ kind: 'lost', eventId: event.eventId, detail: describe(event) });
    }
  }
  return faults;
}

const describe = ({ group, stream, timestampMs, message }: OracleEvent): string =>
  `${group} ${stream} ${new Date(timestampMs).toISOString()} ${JSON.stringify(message)}`;

/** Few lines for a failed test: how many of each kind, and the first ones. */
export function summarize(faults: readonly OracleFault[], first = 10): string[] {
  const kinds = new Map<string, number>();
  for (const { kind } of faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return [
    ...[...kinds].map(([kind, count]) => `${count} ${kind}`),
    ...faults.slice(0, first).map(({ kind, eventId, detail }) => `${kind} ${eventId}: ${detail}`),
  ];
}
