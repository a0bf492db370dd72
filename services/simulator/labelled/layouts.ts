import type { Random } from '../../../lib/testing/random.js';
import type { Level, Printed } from './printed.js';
import type { LayoutName } from './scenario.js';

/** What a layout may show beside the text. */
export interface Dress {
  /** As the process' clock shows it, Unix milliseconds. */
  atMs: number;
  /** Ids by the name that the team gave them. */
  ids: Record<string, string>;
  /** The same, as text before and after the message. */
  before: string;
  after: string;
  /** Of the invocation; for Lambda's own logger. */
  requestId: string | null;
}

/** A process that prints: what stays the same on all its lines. */
export interface Process {
  host: string;
  pid: number;
  thread: string;
  random: Random;
  /** Where a nested JSON record has its ids. */
  idsField: string;
}

type Layout = (record: Printed, dress: Dress, process: Process) => string[];

const iso = (ms: number): string => new Date(ms).toISOString();
const python = (ms: number): string => iso(ms).replace('T', ' ').replace('.', ',').slice(0, 23);
const spaced = (ms: number): string => iso(ms).replace('T', ' ').slice(0, 23);

/** The head goes before the first line, the tail behind it. */
const framed = (lines: string[], head: string, { before, after }: Dress): string[] => [
  `${head}${before}${lines[0]}${after}`,
  ...lines.slice(1),
];

/** Fields as text, for loggers that have nothing but text. */
const withFields = ({ lines, fields }: Printed): string[] => {
  const text = Object.entries(fields).map(([name, value]) => `${name}=${bareOrQuoted(value)}`);
  return text.length === 0 ? lines : [[lines[0], ...text].join(' '), ...lines.slice(1)];
};

const bareOrQuoted = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w.:/-]+$/.test(text) ? text : JSON.stringify(text);
};

const PINO: Record<Level, number> = { DEBUG: 20, INFO: 30, WARNING: 40, ERROR: 50 };

const short = (level: Level): string => (level === 'WARNING' ? 'WARN' : level);

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const camelled = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [camel(name), value]));

export const layouts: Record<LayoutName, Layout> = {
  bare: (record, dress) => framed(withFields(record), '', dress),
  'basic-config': (record, dress) => framed(withFields(record), `${record.level}:${record.logger}:`, dress),
  python: (record, dress) =>
    framed(withFields(record), `${python(dress.atMs)} - ${record.logger} - ${record.level} - `, dress),
  'python-thread': (record, dress, { thread }) =>
    framed(withFields(record), `${python(dress.atMs)} ${record.level} [${thread}] ${record.logger}: `, dress),
  loguru: (record, dress, { random }) =>
    framed(
      withFields(record),
      `${spaced(dress.atMs)} | ${record.level.padEnd(8)} | ${record.logger}:run:${20 + random.below(200)} - `,
      dress,
    ),
  bracket: (record, dress) =>
    framed(withFields(record), `[${iso(dress.atMs)}] ${short(record.level)} ${record.logger}: `, dress),
  logfmt: (record, dress) => {
    const fields = { ...record.fields, ...dress.ids };
    const rest = Object.entries(fields).map(([name, value]) => `${name}=${bareOrQuoted(value)}`);
    const message = JSON.stringify(record.lines.join('\n'));
    return [
      [
        `time=${iso(dress.atMs)} level=${short(record.level).toLowerCase()} logger=${record.logger} msg=${message}`,
        ...rest,
      ].join(' '),
    ];
  },
  logback: (record, dress, { thread, pid }) =>
    framed(
      withFields(record),
      `${spaced(dress.atMs)}  ${short(record.level).padStart(5)} ${pid} --- [${thread.slice(0, 15).padStart(15)}] ${`com.acme.${record.logger}`.padEnd(40)} : `,
      dress,
    ),
  'lambda-logging': (record, dress) =>
    framed(withFields(record), `[${record.level}]\t${iso(dress.atMs)}\t${dress.requestId ?? ''}\t`, dress),
  'json-python': ({ lines, level, logger, fields }, { atMs, ids }) => [
    JSON.stringify({
      asctime: python(atMs),
      levelname: level,
      name: logger,
      message: lines.join('\n'),
      ...fields,
      ...ids,
    }),
  ],
  'json-structlog': ({ lines, level, logger, fields }, { atMs, ids }) => [
    JSON.stringify({
      ...ids,
      ...fields,
      event: lines.join('\n'),
      level: level.toLowerCase(),
      logger,
      timestamp: iso(atMs),
    }),
  ],
  'json-pino': ({ lines, level, logger, fields }, { atMs, ids }, { pid, host }) => [
    JSON.stringify({
      level: PINO[level],
      time: atMs,
      pid,
      hostname: host,
      name: logger,
      ...camelled(ids),
      ...camelled(fields),
      msg: lines.join('\n'),
    }),
  ],
  'json-nested': ({ lines, level, logger, fields }, { atMs, ids }, { host, idsField }) => [
    JSON.stringify({
      '@timestamp': iso(atMs),
      log: { level: level.toLowerCase(), logger },
      host: { name: host },
      message: lines.join('\n'),
      ...(Object.keys(ids).length > 0 && { [idsField]: ids }),
      ...(Object.keys(fields).length > 0 && { data: fields }),
    }),
  ],
};

export const isJson = (layout: LayoutName): boolean => layout.startsWith('json-');
