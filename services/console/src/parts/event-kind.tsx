import {
  AlignLeft,
  Bot,
  Brain,
  CircleAlert,
  CornerDownRight,
  Flag,
  GitBranch,
  Globe,
  Layers,
  Library,
  type LucideIcon,
  Server,
  Sparkles,
  Wrench,
} from 'lucide-react';
import classes from './event-kind.module.css';

/** What an event is about: one icon and one colour each. The types of one kind belong together. */
export const KINDS = {
  agent: { label: 'Agent', color: 'indigo' },
  thought: { label: 'Reasoning', color: 'grape' },
  tool: { label: 'Tools', color: 'blue' },
  llm: { label: 'Models', color: 'teal' },
  retrieval: { label: 'Retrieval', color: 'cyan' },
  chain: { label: 'Steps', color: 'gray' },
  api: { label: 'API calls', color: 'orange' },
  platform: { label: 'Platform', color: 'gray' },
  failure: { label: 'Errors', color: 'red' },
  log: { label: 'Plain lines', color: 'gray' },
} as const;

export type Kind = keyof typeof KINDS;

const TYPES: Record<string, [Kind, LucideIcon]> = {
  agent_start: ['agent', Bot],
  agent_finish: ['agent', Flag],
  agent_action: ['tool', Wrench],
  agent_thought: ['thought', Brain],
  decision: ['thought', GitBranch],
  chain_start: ['chain', Layers],
  chain_end: ['chain', Layers],
  tool_call: ['tool', Wrench],
  tool_result: ['tool', CornerDownRight],
  tool_error: ['failure', Wrench],
  llm_start: ['llm', Sparkles],
  llm_end: ['llm', CornerDownRight],
  llm_error: ['failure', Sparkles],
  query: ['retrieval', Library],
  retrieval: ['retrieval', Library],
  synthesis: ['retrieval', Library],
  api_call: ['api', Globe],
  platform: ['platform', Server],
  error: ['failure', CircleAlert],
  log: ['log', AlignLeft],
};

export function kindOf(eventType: string): Kind {
  const known = Object.hasOwn(TYPES, eventType) ? TYPES[eventType]![0] : undefined;
  return known ?? (/(?:^|_)error$/.test(eventType) ? 'failure' : 'log');
}

export const colorOf = (eventType: string): string => `var(--kind-${kindOf(eventType)})`;

/** `agent_thought` as words: a type that a rule of the user's names, too. */
export const typeText = (eventType: string): string => eventType.replaceAll('_', ' ');

export function EventIcon({ type, size = 15 }: { type: string; size?: number }) {
  const Icon = (Object.hasOwn(TYPES, type) ? TYPES[type]![1] : undefined) ?? AlignLeft;
  return (
    <Icon
      size={size}
      strokeWidth={2}
      className={classes.icon}
      style={{ color: colorOf(type) }}
      aria-hidden="true"
    />
  );
}

/** Icon and name of a type, in its colour. */
export function EventType({ type }: { type: string }) {
  return (
    <span className={classes.type}>
      <EventIcon type={type} />
      <span style={{ color: colorOf(type) }}>{typeText(type)}</span>
    </span>
  );
}

/** The built-in types. */
export const EVENT_TYPES: readonly string[] = Object.keys(TYPES);
