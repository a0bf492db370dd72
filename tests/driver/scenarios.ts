import fc from 'fast-check';
import { groupKeys, uuidOf } from '../../lib/model/ids.js';
import { type Sent, T0 } from './hand-made.js';

const TYPES = [
  'agent_start',
  'agent_action',
  'tool_call',
  'tool_result',
  'tool_error',
  'llm_end',
  'error',
  'log',
  'agent_finish',
  'platform',
];

/** What one line of a stream is; indexes point into small pools, so that streams meet. */
const line = fc.record({
  trace: fc.option(fc.nat(3), { freq: 3 }),
  session: fc.option(fc.nat(4), { freq: 3 }),
  type: fc.constantFrom(...TYPES),
  ms: fc.nat(400),
  tool: fc.nat(2),
  tokens: fc.nat(50),
  duration: fc.double({ min: 0, max: 50, noNaN: true }),
  /** Amends an earlier event of the stream instead. */
  amend: fc.option(fc.nat(5), { freq: 5 }),
  /** The run that has no id so far is this session's or trace's. */
  adopts: fc.boolean(),
  /** Sent again: on this stream at once, or on another. */
  again: fc.option(fc.nat(4), { freq: 5 }),
});

/** Streams of events, each in its order: sessions and traces shared among them, binds that conflict, duplicates, amends. */
export const streamsOfEvents = fc
  .array(fc.array(line, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 5 })
  .map((streams) => {
    const sent: Sent[][] = streams.map(() => []);
    let at = 0;
    streams.forEach((lines, s) => {
      const own: Sent[] = [];
      let run: string | undefined;
      lines.forEach((one, i) => {
        at += 1;
        const amended = one.amend === null ? undefined : own.at(-1 - one.amend);
        const id = amended?.id ?? `e-${s}-${i}`;
        const hasId = one.trace !== null || one.session !== null;
        const adopts = hasId && one.adopts && !amended ? run : undefined;
        if (adopts !== undefined) run = undefined;
        if (!hasId && !amended) run ??= id;
        const event: Sent = {
          stream: `stream-${s}`,
          id,
          adopts,
          trace: amended ? amended.trace : one.trace === null ? undefined : `T${one.trace}`,
          session: amended ? amended.session : one.session === null ? undefined : `S${one.session}`,
          run: amended ? amended.run : (run ?? id),
          ms: amended?.ms ?? T0 + one.ms,
          at: T0 + at,
          type: one.type,
          agent: `agent-${s}`,
          framework: one.tool === 0 ? 'generic' : 'langchain',
          properties: {
            tool_name:
              one.type.startsWith('tool') || one.type === 'agent_action' ? `tool-${one.tool}` : undefined,
            duration_ms: one.duration,
            ...(one.type.startsWith('llm') ? { model: 'm', prompt_tokens: one.tokens } : {}),
            platform_event: 'END',
          },
          amends: amended !== undefined,
        };
        sent[s]!.push(event);
        if (!event.amends) own.push(event);
        if (one.again !== null && !event.amends) {
          const other = one.again % streams.length;
          sent[other]!.push({
            ...event,
            stream: `stream-${other}`,
            adopts: other === s ? adopts : undefined,
          });
        }
      });
    });
    // run keys name their stream, so a copy on another stream is left out where it would be another run
    return sent.map((events, s) =>
      events.filter((event) => event.trace || event.session || event.id.startsWith(`e-${s}-`)),
    );
  });

/** Trace of every event by the definition alone: written apart from the processor, to check it. */
export function expectedTraces(streams: readonly (readonly Sent[])[]): Map<string, string> {
  const all = streams.flat();
  const roots = new Map<string, Sent>();
  for (const event of all) {
    if (!event.trace || !event.session) continue;
    const least = roots.get(event.session);
    if (!least || event.ms < least.ms || (event.ms === least.ms && event.id < least.id))
      roots.set(event.session, event);
  }
  const named = ({ trace, session }: Sent): string =>
    trace ?? roots.get(session!)?.trace ?? uuidOf(groupKeys.session(session!));
  const adopters = new Map(
    all.filter(({ adopts }) => adopts).map((event) => [`${event.stream}/${event.adopts}`, event]),
  );
  return new Map(
    all.map((event) => {
      if (event.trace || event.session) return [event.id, named(event)];
      const adopter = adopters.get(`${event.stream}/${event.run}`);
      return [event.id, adopter ? named(adopter) : uuidOf(groupKeys.run(event.stream, 'agent', event.run!))];
    }),
  );
}
