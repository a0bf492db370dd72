/**
 * Event names that programs make up themselves: a subject and what happens to it (`request.received`, `llm-call-finished`). Only
 * words of these lists are understood; a name with any other word is nobody's.
 */

type Phase = 'start' | 'end' | 'error';

const PHASES: Record<string, Phase> = {};
for (const [phase, words] of [
  [
    'start',
    'start started starting begin began begun beginning received enter entered entering kickoff launched launching created opened sent sending requested submitted invoke invoked invoking called calling initiated triggered spawn spawned spawning launch request executing running using performing call',
  ],
  [
    'end',
    'end ended ending finish finished finishing complete completed completing done exit exited exiting returned returning succeeded success result output response responded answered executed closed stopped ok',
  ],
  [
    'error',
    'error errored errors fail failed failing failure exception raised crashed timeout aborted rejected',
  ],
] as const) {
  for (const word of words.split(' ')) PHASES[word] = phase;
}

interface Subject {
  words: string;
  /** Event type by phase; `bare` where the name says no phase. Missing: not understood. */
  types: Partial<Record<Phase | 'bare', string>>;
  /** Words whose phase is another one here. */
  phases?: Record<string, Phase>;
}

const SUBJECTS: Subject[] = [
  {
    words: 'agent run request session invocation job conversation turn loop assistant',
    types: { start: 'agent_start', end: 'agent_finish', error: 'error' },
    // what is sent or created of a request is not its beginning
    phases: { sent: 'end' },
  },
  {
    words:
      'chain workflow step task node pipeline crew flow graph stage phase iteration cycle subtask subagent orchestration',
    types: { start: 'chain_start', end: 'chain_end', error: 'error' },
  },
  {
    words: 'tool tools function',
    types: { start: 'tool_call', end: 'tool_result', error: 'tool_error', bare: 'tool_call' },
    phases: { received: 'end' },
  },
  {
    words: 'llm model completion completions prompt generation inference chatmodel',
    types: { start: 'llm_start', end: 'llm_end', error: 'llm_error' },
    phases: { received: 'end', created: 'end' },
  },
  { words: 'retrieval retriever rag', types: { start: 'retrieval', end: 'retrieval', bare: 'retrieval' } },
  { words: 'query question', types: { start: 'query' } },
  {
    words: 'decision routing route router delegation handoff delegating delegated',
    types: { start: 'decision', end: 'decision', bare: 'decision' },
  },
  {
    words: 'response answer reply',
    types: { end: 'agent_finish' },
    phases: { sent: 'end', sending: 'end', final: 'end', generated: 'end', ready: 'end', delivered: 'end' },
  },
];

const subjects = new Map(
  SUBJECTS.flatMap((subject) => subject.words.split(' ').map((word) => [word, subject])),
);

/** Words that may stand beside a subject and change nothing. */
const FILLERS = new Set('on user the a call calls execution run usage use event chat agent ai'.split(' '));
const MAX_WORDS = 5;

/** Event type of a name in lower case with words parted by `_`; null where it is not of this form. */
export function composedType(name: string): string | null {
  const words = name.split('_');
  if (words.length < 2 || words.length > MAX_WORDS) return null;
  let subject: Subject | undefined;
  let word = '';
  // the most telling subject wins: agent_tool_call is about the tool
  for (const one of words) {
    const found = subjects.get(one);
    if (found === undefined) continue;
    if (subject === undefined || SUBJECTS.indexOf(found) > SUBJECTS.indexOf(subject)) {
      subject = found;
      word = one;
    }
  }
  if (subject === undefined) return null;
  let phase: Phase | undefined;
  for (const one of words) {
    if (one === word) continue;
    const says = subject.phases?.[one] ?? PHASES[one];
    if (says !== undefined)
      phase = says === 'error' || phase === undefined ? says : phase === 'error' ? phase : says;
    else if (!FILLERS.has(one) && !subjects.has(one)) return null;
  }
  return subject.types[phase ?? 'bare'] ?? null;
}
