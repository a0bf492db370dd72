/** The exception that a traceback ends with. */
export interface Thrown {
  type: string;
  message: string;
}

export const TRACEBACK_HEAD = 'Traceback (most recent call last)';
const LAST_LINE = /^([A-Za-z_][\w.]{0,200})(?::[ \t]?([^\n]*))?$/;
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
const MAX_LINES_BACK = 400;

/** Whether a text holds a Python traceback. */
export const hasTraceback = (text: string): boolean => text.includes(TRACEBACK_HEAD);

/** The exception named by the last line of a traceback (Python's, or IPython's coloured one), or null while it is unfinished. */
export function readThrown(text: string): Thrown | null {
  const at = text.lastIndexOf(TRACEBACK_HEAD);
  if (at < 0) return null;
  const lines = text.slice(at).split('\n');
  const least = Math.max(1, lines.length - MAX_LINES_BACK);
  let first: Thrown | null = null;
  for (let i = lines.length - 1; i >= least; i--) {
    const match = LAST_LINE.exec(lines[i]!);
    if (match && isExceptionName(match[1]!, match[2] !== undefined)) {
      first = { type: match[1]!, message: match[2] ?? '' };
      break;
    }
  }
  return first;
}

/** `ValueError`, `botocore.errorfactory.ThrottlingException`, `KeyboardInterrupt`; prose before a colon is not one. */
const isExceptionName = (name: string, hasMessage: boolean): boolean =>
  /(?:Error|Exception|Exit|Interrupt|Warning|Timeout|Abort|Failure|Fault|Group|Stop\w*)$/.test(name) ||
  (hasMessage && /^[A-Z]/.test(name)) ||
  (hasMessage && name.includes('.'));

/** Whether a line that is not indented still belongs to a traceback above it. `closed`: its exception was already named. */
export function continuesTraceback(text: string, indent: number, closed: boolean): boolean {
  if (indent > 0) return true;
  if (text.startsWith(TRACEBACK_HEAD) || CHAINED.test(text)) return true;
  if (closed) return false;
  const match = LAST_LINE.exec(text);
  return match !== null && isExceptionName(match[1]!, match[2] !== undefined);
}
