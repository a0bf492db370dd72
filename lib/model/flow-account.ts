export const HOUR_MS = 3_600_000;

/** Hours since 1970. */
export const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS);

/**
 * What parse has counted of one hour of append time in raw-logs. Invariant: records = events + joined + duplicates + foreign +
 * dead_letters.
 */
export interface ParseCounts {
  /** Records read. */
  records: number;
  /** Records that began an event. */
  events: number;
  /** Of these events: sent on, at least in a first form. The others are kept for lines that may still join them. */
  sent: number;
  /** Further events of records that hold several. */
  further: number;
  /** Records that became part of an event before them. */
  joined: number;
  /** Records that came before. */
  duplicates: number;
  /** Records that are another processor's. */
  foreign: number;
  /** Records that were refused. */
  dead_letters: number;
}

export const NO_PARSE_COUNTS: Readonly<ParseCounts> = {
  records: 0,
  events: 0,
  sent: 0,
  further: 0,
  joined: 0,
  duplicates: 0,
  foreign: 0,
  dead_letters: 0,
};

/** What trace has counted of one hour, by the append time of the event's first line in raw-logs. Amendments are no events. */
export interface TraceCounts {
  emitted: number;
  duplicates: number;
  dead_letters: number;
}

export const NO_TRACE_COUNTS: Readonly<TraceCounts> = { emitted: 0, duplicates: 0, dead_letters: 0 };

/** One stage's account of one partition and hour; topic flow-accounts, field for field schemas/flow-account.avsc. */
export interface FlowAccount {
  stage: string;
  partition: number;
  hour: number;
  counts: Record<string, number>;
}

export const flowAccountKey = ({ stage, partition, hour }: Omit<FlowAccount, 'counts'>): string =>
  `${stage}/${partition}/${hour}`;
