import { z } from 'zod';

/** Where a page ended: the row's sort key (rank, Unix milliseconds, or what else is sorted by) and its id. */
export interface Position {
  key: number;
  id: string;
}

/** A cursor that this listing did not hand out. Callers show `message`; it names the field. */
export class BadCursorError extends Error {
  override name = 'BadCursorError';
  constructor() {
    super('cursor is not one that this listing returned: leave it out to start from the beginning');
  }
}

const shape = z.tuple([z.literal('v1'), z.string(), z.number(), z.string()]);

/** An opaque text; `scope` names listing and order, so that a cursor of another one is refused. */
export const encodeCursor = (scope: string, { key, id }: Position): string =>
  Buffer.from(JSON.stringify(['v1', scope, key, id])).toString('base64url');

/** @throws BadCursorError */
export function decodeCursor(scope: string, text: string): Position {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw new BadCursorError();
  }
  const read = shape.safeParse(value);
  if (!read.success || read.data[1] !== scope) throw new BadCursorError();
  return { key: read.data[2], id: read.data[3] };
}
