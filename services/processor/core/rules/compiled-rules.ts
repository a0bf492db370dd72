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
  /** The group asked for last, which is mostly the next one too. */
  private latest: { name: string; set: { rules: RuleSet; agentId: string | null } } | null = null;

  constructor(
    readonly global: readonly CompiledRule[],
    readonly groups: readonly GroupRules[] = [],
  ) {}

  /** Rules and configured agent of a log group; null: of lines that name none. */
  forGroup(logGroup: string | null): { rules: RuleSet; agentId: string | null } {
    const name = logGroup ?? '';
    if (this.latest?.name === name) return this.latest.set;
    const known = this.sets.get(name);
    if (known) {
      this.latest = { name, set: known };
      return known;
    }
    const made = {
      rules: new RuleSet(this.listFor(logGroup)),
      agentId: this.groupsOf(logGroup).find(({ agentId }) => agentId !== null)?.agentId ?? null,
    };
    // bounded: a producer may invent log groups for ever
    if (this.sets.size >= MAX_CACHED_GROUPS) this.sets.clear();
    this.sets.set(name, made);
    return made;
  }

  /** Every rule, whatever log group it is for. */
  all(): CompiledRule[] {
    return [...this.groups.flatMap(({ rules }) => rules), ...this.global];
  }

  /** Rules of a log group as written, its own first. */
  listFor(logGroup: string | null): CompiledRule[] {
    const scoped = this.global.filter(
      ({ logGroups }) =>
        logGroups === null || (logGroup !== null && logGroups.some((p) => matchesGroup(p, logGroup))),
    );
    return [...this.groupsOf(logGroup).flatMap(({ rules }) => rules), ...scoped];
  }

  private groupsOf(logGroup: string | null): GroupRules[] {
    return logGroup === null ? [] : this.groups.filter((group) => group.matches(logGroup));
  }
}

const matchesGroup = (pattern: string, logGroup: string): boolean =>
  pattern.endsWith('*') ? logGroup.startsWith(pattern.slice(0, -1)) : logGroup === pattern;
