import { type ContextState, noContext, type StreamRun } from './parse-state.js';
import { emptyShape, type OpenCall } from './run-shape.js';

const NUMBER_BYTES = 25;
const NUMBERS_OF_RUN = 6;
const NUMBERS_OF_CONTEXT = 4;
/** Of a hash and its comma. */
const HASH_BYTES = 11;
/** Quotes and a comma. */
const MARKS = 3;
/** Bytes of a character as JSON, at most: an escaped one. */
const MOST_PER_CHAR = 6;

const emptyRun: StreamRun = {
  kind: 'session',
  id: '',
  session: '',
  agent: '',
  agents: [],
  fromMs: 0,
  lastMs: 0,
  withId: 0,
  withoutId: 0,
  about: [],
  shape: { ...emptyShape(), outer: '', opener: '', number: 0, dialect: '', lane: '' },
};
const emptyCall: OpenCall = { kind: 'tool', name: '', id: '', ms: 0 };
const RUN_BYTES = JSON.stringify(emptyRun).length + NUMBERS_OF_RUN * NUMBER_BYTES + 1;
const CALL_BYTES = JSON.stringify(emptyCall).length + NUMBER_BYTES + 1;
const CONTEXT_BYTES = JSON.stringify(noContext()).length + NUMBERS_OF_CONTEXT * NUMBER_BYTES;

/** Nothing that JSON escapes or UTF-8 spells in several bytes. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** So many bytes at most has a context as JSON: much quicker than writing it, for what is mostly far from any limit. */
export function mostContextBytes({ runs, seen, opened }: ContextState): number {
  let bytes = CONTEXT_BYTES;
  for (const habit of [seen, opened])
    for (const signature of Object.keys(habit)) bytes += lengthened(signature) + 1 + NUMBER_BYTES;
  let agentKnown = '';
  let agentBytes = 0;
  for (const { id, session, agent, agents, about, shape } of runs) {
    // mostly the stream's, the same for each
    if (agent !== agentKnown) {
      agentKnown = agent;
      agentBytes = exactly(agent);
    }
    bytes += RUN_BYTES + agentBytes + exactly(id) + (session === null ? 2 : exactly(session));
    for (const name of agents) bytes += exactly(name);
    bytes += about.length * HASH_BYTES;
    const { last, open, outer, opener, calls, dialect, lane } = shape;
    bytes +=
      lengthened(last) +
      lengthened(outer) +
      lengthened(opener ?? null) +
      lengthened(dialect) +
      lengthened(lane);
    for (const name of open) bytes += lengthened(name);
    for (const call of calls) bytes += CALL_BYTES + lengthened(call.name) + lengthened(call.id);
  }
  return bytes;
}

const exactly = (text: string): number => (PLAIN.test(text) ? text.length + MARKS : lengthened(text));

const lengthened = (text: string | null): number =>
  MARKS + 2 + (text === null ? 0 : text.length * MOST_PER_CHAR);
