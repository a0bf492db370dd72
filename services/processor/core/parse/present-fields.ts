import { valueAt } from '../rules/rule-set.js';
import { ALL_FIELDS, type FieldPaths } from './field-table.js';

/** Fields and places among their paths that begin with a key. */
const pathsByKey = new Map<string, { field: number; path: number }[]>();
for (const { id, paths } of ALL_FIELDS) {
  paths.forEach(([key], path) => {
    const known = pathsByKey.get(key!);
    if (known) known.push({ field: id, path });
    else pathsByKey.set(key!, [{ field: id, path }]);
  });
}

/**
 * Which paths of the field table begin with a key that an object has. The table has hundreds of paths and an object a dozen
 * keys, so it is asked by the object's keys, once.
 */
export class PresentFields {
  /** Of each field, the places of its paths to look at, ascending. */
  private readonly places: number[][] = ALL_FIELDS.map(() => []);
  private readonly filled: number[] = [];
  private json: Record<string, unknown> = {};

  /** Turns to another object. */
  turnTo(json: Record<string, unknown>): void {
    const { places, filled } = this;
    for (const field of filled) places[field]!.length = 0;
    filled.length = 0;
    this.json = json;
    for (const key of Object.keys(json)) {
      const paths = pathsByKey.get(key);
      if (paths === undefined) continue;
      for (const { field, path } of paths) {
        const of = places[field]!;
        if (of.length === 0) filled.push(field);
        let at = of.length;
        for (; at > 0 && of[at - 1]! > path; at--) of[at] = of[at - 1]!;
        of[at] = path;
      }
    }
  }

  /** What `read` makes of the first of a field's values that it takes, in the order of the field's paths; else null. */
  firstOf<T>({ id, paths }: FieldPaths, read: (value: unknown) => T | null): T | null {
    for (const place of this.places[id]!) {
      const path = paths[place]!;
      const value = path.length === 1 ? this.json[path[0]!] : valueAt(this.json, path);
      if (value === undefined || value === null) continue;
      const got = read(value);
      if (got !== null) return got;
    }
    return null;
  }

  /** Whether the object has any of a field's keys, or the first step of one of its paths. */
  hasAny({ id }: FieldPaths): boolean {
    return this.places[id]!.length > 0;
  }
}
