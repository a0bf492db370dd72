import type { EventBody, IngestionOptions } from '../../../lib/model/events.js';
import type { Masker } from '../../../lib/model/masking/masker.js';
import type { FieldError } from './field-error.js';
import { readOptions } from './options.js';
import { type RawEvent, rawEventOf } from './raw-event.js';
import { isObject, validateEvent } from './validate-event.js';

export interface AcceptedItem extends RawEvent {
  index: number;
  body: EventBody;
}

/** What of a request can be sent, and why the rest cannot: `index` is the place in the request. */
export interface IngestPlan {
  accepted: AcceptedItem[];
  refused: { index: number; errors: FieldError[] }[];
}

/** Checks the events of a request one by one; a bad one never fails its siblings. An item's own options win. */
export function planIngest(
  items: readonly unknown[],
  options: IngestionOptions | null,
  nowMs: number,
  masker: Masker,
): IngestPlan {
  const plan: IngestPlan = { accepted: [], refused: [] };
  items.forEach((item, index) => {
    const valid = validateEvent(item, nowMs);
    const own = isObject(item) ? readOptions(item.options, options) : ({ ok: true, options } as const);
    if (valid.ok && own.ok) {
      plan.accepted.push({
        index,
        body: valid.body,
        ...rawEventOf(valid.body, valid.timeMs, own.options, masker),
      });
      return;
    }
    plan.refused.push({ index, errors: [...(valid.ok ? [] : valid.errors), ...(own.ok ? [] : own.errors)] });
  });
  return plan;
}
