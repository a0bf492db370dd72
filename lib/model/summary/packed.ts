import type { CallPhase, Contribution, MarkKind } from './contribution.js';
import type { Tokens } from './tokens.js';

/**
 * A {@link Contribution} as a short list, since state writes the last few of a group with every transaction: a third of the bytes.
 * Times after the first relative to each other; what is absent is 0 and is left out at the end.
 */
export type Packed = [
  id: string,
  ms: number,
  type: string,
  createdAfter: number,
  updatedAfter: number,
  marks: string | 0,
  agent: string | 0,
  framework: string | 0,
  session: string | 0,
  endAfter: number,
  tool: [name: string, phase: number, failed: number, us: number | null] | 0,
  model: [name: string, phase: number, failed: number, us: number | null, tokens?: Tokens] | 0,
];

const PHASES: readonly CallPhase[] = ['announced', 'started', 'ended'];
const MARKS: Record<MarkKind, string> = { finish: 'F', failure: 'X', platform_end: 'P', step: 'S' };
const MARK_OF = new Map(Object.entries(MARKS).map(([kind, letter]) => [letter, kind as MarkKind]));
const ERROR = '!';

export function pack(c: Contribution): Packed {
  const marks = (c.error ? ERROR : '') + (c.mark ? MARKS[c.mark] : '');
  const packed: unknown[] = [
    c.id,
    c.ms,
    c.type,
    c.created - c.ms,
    c.updated - c.created,
    marks === '' ? 0 : marks,
    c.agent ?? 0,
    c.framework ?? 0,
    c.session ?? 0,
    c.end === undefined ? 0 : c.end - c.ms,
    c.tool ? [c.tool.name, PHASES.indexOf(c.tool.phase), c.tool.failed ? 1 : 0, c.tool.us ?? null] : 0,
    c.model ? packModel(c.model) : 0,
  ];
  while (packed[packed.length - 1] === 0) packed.pop();
  return packed as Packed;
}

function packModel({ name, phase, failed, us, tokens }: NonNullable<Contribution['model']>): unknown[] {
  const packed = [name, PHASES.indexOf(phase), failed ? 1 : 0, us ?? null];
  return tokens ? [...packed, tokens] : packed;
}

/** The contribution that {@link pack} was given. */
export function unpack(packed: Packed): Contribution {
  const [
    id,
    ms,
    type,
    createdAfter = 0,
    updatedAfter = 0,
    marks,
    agent,
    framework,
    session,
    end,
    tool,
    model,
  ] = packed;
  const created = ms + createdAfter;
  const c: Contribution = { id, ms, type, created, updated: created + updatedAfter };
  if (marks) {
    if (marks.startsWith(ERROR)) c.error = true;
    const mark = MARK_OF.get(marks.at(-1)!);
    if (mark) c.mark = mark;
  }
  // an agent, framework or session named by the empty string is packed as itself: only 0 and absence mean none
  if (typeof agent === 'string') c.agent = agent;
  if (typeof framework === 'string') c.framework = framework;
  if (typeof session === 'string') c.session = session;
  if (end) c.end = ms + end;
  if (tool) {
    c.tool = { name: tool[0], phase: PHASES[tool[1]]! };
    if (tool[2]) c.tool.failed = true;
    if (tool[3] !== null) c.tool.us = tool[3];
  }
  if (model) {
    c.model = { name: model[0], phase: PHASES[model[1]]! };
    if (model[2]) c.model.failed = true;
    if (model[3] !== null) c.model.us = model[3];
    if (model[4]) c.model.tokens = model[4];
  }
  return c;
}
