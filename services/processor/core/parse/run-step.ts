import type { Properties } from './properties.js';
import type { RunStep } from './run-shape.js';

/** Words that any may use say nothing about who prints. */
const GENERIC = 'generic';
/** Who counts steps from another number than one. */
const FIRST_NUMBER: Record<string, number> = { langgraph: 0 };
const MAX_NAME_CHARS = 32;
const MAX_CALL_ID_CHARS = 48;

/** What of an event tells whose line it is; names are cut, for the shape of a run is kept in the state. */
export function stepOf(
  eventType: string,
  framework: string | null,
  properties: Properties,
  text: string,
  isInside = false,
): RunStep {
  const { step, chain_type, tool_name, model, tool_call_id, duration_ms, lib, thread } = properties;
  const number = typeof step === 'number' ? step : null;
  return {
    eventType,
    isInside: isInside || (number !== null && number > (FIRST_NUMBER[String(lib)] ?? 1)),
    number,
    chainType: cut(chain_type, MAX_NAME_CHARS),
    toolName: cut(tool_name, MAX_NAME_CHARS),
    model: cut(model, MAX_NAME_CHARS),
    callId: cut(tool_call_id, MAX_CALL_ID_CHARS),
    durationMs: typeof duration_ms === 'number' ? duration_ms : null,
    dialect: cut(lib ?? (framework === GENERIC ? null : framework), MAX_NAME_CHARS),
    words: eventType === 'log' ? firstWords(text) : null,
    lane: cut(thread, MAX_NAME_CHARS),
  };
}

/** The first two words, which programs tend to print alike. */
function firstWords(text: string): string | null {
  const [words] = /^[A-Za-z]{2,16}(?: [A-Za-z]{2,16})?(?![A-Za-z])/.exec(text) ?? [null];
  return words;
}

const cut = (value: unknown, chars: number): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, chars) : null;
