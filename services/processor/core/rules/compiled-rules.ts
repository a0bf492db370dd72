import { RuleSet } from './rule-set.js';
import type { CompiledRule } from './rule-types.js';

/** A log group of config.yaml that has rules or an agent of its own. */
export interface GroupRules {
  matches: (logGroup: string) => boolean;
  rules: CompiledRule[];
  agentId: string | null;
}

const MAX_CACHED_GROUPS = 10_000;

/** Every rule of a configuration, as the set that holds for each log group: the group's own before the global ones. */
export class CompiledRules {
  private readonly sets = new Map<string, { rules: RuleSet; agentId: string | null }>();

  constructor(
    readonly global: readonly CompiledRule[],
    readonly groups: readonly GroupRules[] = [],
  ) {}

  /** Rules and configured agent of a log group; null: of lines that name none. */
  forGroup(logGroup: string | null): { rules: RuleSet; agentId: string | null } {
    const name = logGroup ?? '';
    const known = this.sets.get(name);
    if (known) return known;
    const own = logGroup === null ? [] : this.groups.filter((group) => group.matches(logGroup));
    const scoped = this.global.filter(
      ({ logGroups }) =>
        logGroups === null || (logGroup !== null && logGroups.some((p) => matchesGroup(p, logGroup))),
    );
    const made = {
      rules: new RuleSet([...own.flatMap(({ rules }) => rules), ...scoped]),
      agentId: own.find(({ agentId }) => agentId !== null)?.agentId ?? null,
    };
    // bounded: a producer may invent log groups for ever
    if (this.sets.size >= MAX_CACHED_GROUPS) this.sets.clear();
    this.sets.set(name, made);
    return made;
  }
}

const matchesGroup = (pattern: string, logGroup: string): boolean =>
  pattern.endsWith('*') ? logGroup.startsWith(pattern.slice(0, -1)) : logGroup === pattern;
