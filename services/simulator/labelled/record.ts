import type { Kind } from './printed.js';

/** Where a stream of lines comes from, as a shipper names it. */
export interface StreamSource {
  system: string;
  account?: string;
  region?: string;
  log_group: string;
  log_stream: string;
}

/** A line as raw-logs and `vectadb parse` take it. */
export interface LabelledInput {
  message: string;
  timestamp: string;
  source: StreamSource & { log_id?: string };
}

/** What is true of a line. */
export interface Truth {
  /** The session that printed it; null: none did, the line is left out of scores. */
  run: string | null;
  /** Number of the write that the line was part of; lines of one write and its second copies share it. */
  record: number;
  /** Whether it is the first line of its write. */
  isHead: boolean;
  kind: Kind;
  /** Place of the write in its session. */
  position: 'first' | 'middle' | 'last';
  /** Values of ids that the line shows, that of the session or request first. */
  ids: string[];
  /** The agent that the line names. */
  agent: string | null;
  stream: string;
}

export interface LabelledLine {
  input: LabelledInput;
  truth: Truth;
}

/** A write of a process to its stream, before a shipper took it. */
export interface Write {
  /** True time, Unix milliseconds. */
  atMs: number;
  run: string | null;
  kind: Kind;
  position: Truth['position'];
  stream: Stream;
  /** Physical lines, each with what it shows. */
  lines: { text: string; ids: string[]; agent: string | null }[];
}

export interface Stream {
  name: string;
  source: StreamSource;
  /** Whether its lines have ids of their own at the source. */
  hasLogIds: boolean;
  /** Finest time that its shipper gives, milliseconds. */
  resolutionMs: number;
  /** By how much its clock is ahead, milliseconds. */
  skewMs: number;
}
