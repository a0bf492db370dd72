import { nameOf } from '../../lib/dead-letters/letter.js';
import type { ListedLetter } from '../../lib/dead-letters/listed-letter.js';
import type { TracedLetter } from '../../lib/dead-letters/selection.js';
import type { LetterGroup } from '../../lib/dead-letters/summary.js';
import type { TrailEntry } from '../../lib/dead-letters/trail-entry.js';
import { readableBytes, type ShownRecord } from '../../lib/kafka/shown-record.js';
import type { LetterPosition } from '../../lib/topology/redrive.js';
import { table } from './kafka-command.js';
import { showMoment } from './time-option.js';

const MESSAGE_CHARS = 60;
const LABEL_WIDTH = 11;
const HEX_BYTES = 512;
const HEX_WIDTH = 16;

const oneLine = (text: string, chars = MESSAGE_CHARS): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= chars ? line : `${line.slice(0, chars - 1)}…`;
};

const placeOf = (place: { topic: string; partition: number; offset: number } | null): string =>
  place === null ? '-' : `${place.topic}/${place.partition} offset ${place.offset}`;

export function renderSummary(groups: LetterGroup[]): string {
  const rows = groups.map((group) => [
    group.letters,
    group.open,
    group.stage,
    group.cause,
    group.topic,
    showMoment(group.oldestMs),
    showMoment(group.newestMs),
    oneLine(group.example.message),
  ]);
  return table(['letters', 'open', 'stage', 'cause', 'topic', 'oldest', 'newest', 'says'], rows, [0, 1]);
}

export function renderList(letters: ListedLetter[]): string {
  const rows = letters.map((one) => [
    one.letter,
    one.refused_at,
    one.stage,
    one.cause,
    placeOf(one.from),
    one.attempt,
    one.state,
    oneLine(one.message),
  ]);
  return table(['letter', 'refused', 'stage', 'cause', 'record', 'attempt', 'state', 'says'], rows, [5]);
}

/** All that is known of one letter. `shown`: its record, decoded. */
export function renderLetter(
  { letter, state, trail }: TracedLetter,
  shown: ShownRecord,
  successor: LetterPosition | null,
): string {
  const { origin, from, predecessor, value } = letter;
  const isMoved = origin !== null && from !== null && placeOf(origin) !== placeOf(from);
  const facts: [string, string[]][] = [
    ['refused', [`${showMoment(letter.refusedMs)} by ${letter.stage}: ${letter.cause}`]],
    ['says', letter.message.split('\n')],
    ['record', [placeOf(from)]],
    ['first at', isMoved ? [placeOf(origin)] : []],
    ['appended', origin ? [showMoment(origin.appended_ms)] : []],
    ['attempt', [`${letter.attempt}${predecessor ? `, after letter ${nameOf(predecessor)}` : ''}`]],
    [
      'state',
      [state === 'refused again' && successor ? `refused again: letter ${nameOf(successor)}` : state],
    ],
    ['trail', trailLines(trail)],
    ['key', [shown.key ?? '-']],
    ['headers', Object.entries(letter.headers).map(([name, bytes]) => `${name}=${bytes.toString('utf8')}`)],
    ['value', [`${value?.length ?? 0} bytes, ${shown.format}`]],
  ];
  const lines = facts.flatMap(([label, values]) =>
    values.map((text, index) => `  ${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${text}`),
  );
  return [`dead letter ${nameOf(letter)}`, ...lines, '', renderValue(shown, value)].join('\n');
}

function trailLines(trail: TrailEntry | null): string[] {
  if (trail === null) return [];
  const lines = trail.redrives.map(({ at_ms, result, to }) => {
    const where = to ? `to ${placeOf(to)}` : 'nothing sent: a later record says more';
    return `${showMoment(at_ms)} ${result === 'sent' ? `sent ${where}` : where}`;
  });
  const more = trail.times - trail.redrives.length;
  return more > 0 ? [`${more} earlier`, ...lines] : lines;
}

/** Decoded values as JSON, text as it is, other bytes as hexadecimal. */
function renderValue({ format, value }: ShownRecord, bytes: Buffer | null): string {
  if (bytes === null) return '(a tombstone)';
  if (format.startsWith('bytes')) return hexDump(bytes);
  return typeof value === 'string' ? value : JSON.stringify(value, readableBytes, 2);
}

/** Offset, hexadecimal and ASCII, {@link HEX_WIDTH} bytes a line, of the first {@link HEX_BYTES}. */
export function hexDump(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, HEX_BYTES); at += HEX_WIDTH) {
    const part = bytes.subarray(at, Math.min(at + HEX_WIDTH, HEX_BYTES));
    const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = [...part]
      .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'))
      .join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(HEX_WIDTH * 3)} ${ascii}`);
  }
  if (bytes.length > HEX_BYTES) lines.push(`… ${bytes.length - HEX_BYTES} more bytes`);
  return lines.join('\n');
}
