import type { EventOut } from '../api/types.js';

/** Lines that differ in their values alone. */
export interface Shape {
  /** The line with what varies left out. */
  shape: string;
  count: number;
  /** The newest first. */
  lines: EventOut[];
}

const LINES_KEPT = 5;

const VARYING: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/"[^"]*"/g, '"…"'],
  [/'[^']*'/g, "'…'"],
  [/\b[0-9a-f]{8,}\b/gi, '<hex>'],
  [/\d+(?:\.\d+)?/g, '<n>'],
];

/** A line without what varies from one to the next: ids, times, numbers, quoted texts. */
export const shapeOf = (line: string): string =>
  VARYING.reduce((text, [pattern, name]) => text.replace(pattern, name), line).trim();

/** Lines by their shape, the most frequent first. */
export function shapesOf(events: readonly EventOut[], textOf: (event: EventOut) => string): Shape[] {
  const shapes = new Map<string, Shape>();
  for (const event of events) {
    const shape = shapeOf(textOf(event));
    const known = shapes.get(shape) ?? { shape, count: 0, lines: [] };
    known.count++;
    if (known.lines.length < LINES_KEPT) known.lines.push(event);
    shapes.set(shape, known);
  }
  return [...shapes.values()].sort((a, b) => b.count - a.count || a.shape.localeCompare(b.shape));
}
