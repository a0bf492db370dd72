import type { LogSource } from '../../../../lib/model/events.js';

/**
 * What became of a record when it was read: an event that is understood, or kept as it is; part of the event before it; an event
 * that is there already; none of ours; or refused.
 */
export type Fate = 'parsed' | 'fallback' | 'joined' | 'duplicate' | 'foreign' | 'dead';

export const FATES: readonly Fate[] = ['parsed', 'fallback', 'joined', 'duplicate', 'foreign', 'dead'];

export interface Covered {
  fate: Fate;
  /** What decided the type; null where nothing did. */
  rule: string | null;
  source: Pick<LogSource, 'system' | 'log_group'> | null;
}

export interface SourceCoverage {
  system: string;
  logGroup: string;
  parsed: number;
  fallback: number;
}

/** Names that producers give: so many are told apart, the rest is counted together. */
const MAX_SOURCES = 200;
const MAX_RULES = 2_000;
export const OTHER = 'other';
export const NO_SOURCE = 'none';

/** How much of what comes in is understood: by fate, by rule, and by source. Bounded, however many names come. */
export class Coverage {
  readonly fates: Record<Fate, number> = {
    parsed: 0,
    fallback: 0,
    joined: 0,
    duplicate: 0,
    foreign: 0,
    dead: 0,
  };
  /** Events by the rule that decided them. */
  readonly rules = new Map<string, number>();
  private readonly bySource = new Map<string, Map<string, SourceCoverage>>();
  private sources = 0;

  readonly take = ({ fate, rule, source }: Covered): void => {
    this.fates[fate]++;
    if (fate !== 'parsed' && fate !== 'fallback') return;
    if (rule !== null) this.countRule(rule);
    this.sourceOf(source)[fate]++;
  };

  /** Sources with what was understood of each, most lines first. */
  ofSources(): SourceCoverage[] {
    return [...this.bySource.values()]
      .flatMap((groups) => [...groups.values()])
      .sort((a, b) => b.parsed + b.fallback - (a.parsed + a.fallback));
  }

  /** Share of events that are understood, 0 to 1; null before the first. */
  get share(): number | null {
    return shareOf(this.fates);
  }

  private countRule(rule: string): void {
    const known = this.rules.get(rule);
    if (known !== undefined || this.rules.size < MAX_RULES) this.rules.set(rule, (known ?? 0) + 1);
    else this.rules.set(OTHER, (this.rules.get(OTHER) ?? 0) + 1);
  }

  private sourceOf(source: Covered['source']): SourceCoverage {
    const system = source?.system ?? NO_SOURCE;
    const logGroup = source?.log_group ?? '';
    const known = this.bySource.get(system)?.get(logGroup);
    if (known) return known;
    if (this.sources >= MAX_SOURCES && system !== OTHER)
      return this.sourceOf({ system: OTHER, log_group: null });
    const made: SourceCoverage = { system, logGroup, parsed: 0, fallback: 0 };
    const groups = this.bySource.get(system) ?? new Map<string, SourceCoverage>();
    this.bySource.set(system, groups.set(logGroup, made));
    this.sources++;
    return made;
  }
}

/** Share of events that are understood, 0 to 1; null where there are none. */
export const shareOf = ({ parsed, fallback }: { parsed: number; fallback: number }): number | null =>
  parsed + fallback === 0 ? null : parsed / (parsed + fallback);
