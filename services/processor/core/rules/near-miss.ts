import { type PatternProgress, patternProgress } from './pattern-progress.js';
import { type Subject, searchedBy, valueAt } from './rule-set.js';
import type { CompiledRule, RuleOrigin } from './rule-types.js';

/** Why a rule that comes close to a line did not decide it. */
export type NearMissReason =
  /** Its literals are there, its pattern does not match. */
  | { kind: 'pattern'; progress: PatternProgress }
  /** It matches, but the stream has not shown what it requires, or shows what it forbids. */
  | { kind: 'context'; missing: string[]; forbidden: string[] }
  /** It matches, but another rule is tried before it. */
  | { kind: 'priority'; chosen: string }
  /** It matches, but the line belongs to the event before it. */
  | { kind: 'joined' }
  /** It matches, but is for other log groups. */
  | { kind: 'log_group'; logGroups: string[] }
  /** Some of its conditions on the decoded object hold, this one does not. */
  | { kind: 'json'; path: string; expected: string; got: unknown };

export interface NearMiss {
  rule: string;
  origin: RuleOrigin;
  priority: number;
  eventType: string;
  reason: NearMissReason;
}

export interface Diagnosed {
  /** Every rule, those for other log groups included. */
  rules: readonly CompiledRule[];
  /** Whether a rule is for the line's log group. */
  applies: (rule: CompiledRule) => boolean;
  subject: Subject;
  /** Rule that decided the event, null where none did. */
  chosen: string | null;
  /** The line joined the event before it. */
  continues: boolean;
}

/** A pattern came close whose beginning found so many literal characters, and such a share of all. */
const LEAST_LITERALS = 3;
const LEAST_SHARE = 0.3;
const MOST_SHOWN = 5;

/**
 * The rules that nearly classified a subject, closest first. Needs no more than compiled rules, and tries each of them: for
 * explaining, not for hot paths.
 */
export function nearMisses({ rules, applies, subject, chosen, continues }: Diagnosed): NearMiss[] {
  const found: { miss: NearMiss; closeness: number }[] = [];
  for (const rule of rules) {
    if (rule.extract || rule.name === chosen) continue;
    const reason = reasonOf(rule, subject);
    if (reason === null) continue;
    const settled =
      reason === 'matches' ? outcomeOf(rule, subject, applies(rule), chosen, continues) : reason;
    if (settled === null) continue;
    const { name, origin, priority, eventType } = rule;
    found.push({
      miss: { rule: name, origin, priority, eventType, reason: settled },
      closeness: reason === 'matches' ? 1 : closenessOf(settled),
    });
  }
  return found
    .sort((a, b) => b.closeness - a.closeness || b.miss.priority - a.miss.priority)
    .slice(0, MOST_SHOWN)
    .map(({ miss }) => miss);
}

function reasonOf(rule: CompiledRule, subject: Subject): NearMissReason | 'matches' | null {
  if (rule.json !== null) {
    if (subject.json === null) return null;
    const failed = failedCondition(rule, subject.json);
    if (failed !== 'none') return failed;
    if (rule.pattern === null) return 'matches';
  } else if (rule.raw && !subject.hasColours) return null;
  return patternReason(rule, searchedBy(rule, rule.raw ? subject.raw : subject.text));
}

function patternReason(rule: CompiledRule, text: string): NearMissReason | 'matches' | null {
  const pattern = rule.pattern!;
  if (rule.matcher!.exec(text) !== null) return 'matches';
  const hasStart = rule.starts?.some((start) => text.startsWith(start)) ?? false;
  const hasLiteral = rule.literals?.some((literal) => text.includes(literal)) ?? false;
  if (!hasStart && !hasLiteral) return null;
  // beginnings of a pattern that is not linear may take for ever
  const progress = rule.linear.length > 0 ? null : patternProgress(pattern, text);
  if (progress === null) return null;
  const { found, all } = progress.literals;
  return found >= LEAST_LITERALS && found >= all * LEAST_SHARE ? { kind: 'pattern', progress } : null;
}

/** The first condition that does not hold where another does; null where none does, 'none' where all do. */
function failedCondition(rule: CompiledRule, json: Record<string, unknown>): NearMissReason | 'none' | null {
  let held = 0;
  let failed: NearMissReason | null = null;
  for (const { paths, pattern, absent } of rule.json!) {
    const got = paths
      .map((path) => valueAt(json, path))
      .find((value) => value !== undefined && value !== null);
    if (got === undefined) {
      if (!absent)
        failed ??= { kind: 'json', path: paths[0]!.join('/'), expected: pattern.source, got: null };
      continue;
    }
    const text = typeof got === 'object' ? '{}' : String(got);
    if (!pattern.test(text))
      failed ??= { kind: 'json', path: paths[0]!.join('/'), expected: pattern.source, got };
    else held++;
  }
  if (failed === null) return 'none';
  return held > 0 ? failed : null;
}

function outcomeOf(
  rule: CompiledRule,
  { tags }: Subject,
  applies: boolean,
  chosen: string | null,
  continues: boolean,
): NearMissReason | null {
  if (!applies) return { kind: 'log_group', logGroups: rule.logGroups ?? [] };
  const missing = rule.requires.filter((tag) => !tags.includes(tag));
  const forbidden = rule.forbids.filter((tag) => tags.includes(tag));
  if (missing.length > 0 || forbidden.length > 0) return { kind: 'context', missing, forbidden };
  if (continues) return { kind: 'joined' };
  return chosen === null ? null : { kind: 'priority', chosen };
}

function closenessOf(reason: NearMissReason): number {
  if (reason.kind !== 'pattern') return 0.5;
  const { found, all } = reason.progress.literals;
  return found / (all + 1);
}

/** A near miss in words. */
export function describeMiss({ reason }: NearMiss): string {
  switch (reason.kind) {
    case 'pattern':
      return describeProgress(reason.progress);
    case 'context':
      return [
        ...(reason.missing.length > 0 ? [`matches, but the stream lacks ${reason.missing.join(', ')}`] : []),
        ...(reason.forbidden.length > 0
          ? [`matches, but not where the stream has ${reason.forbidden.join(', ')}`]
          : []),
      ].join('; ');
    case 'priority':
      return `matches, but ${reason.chosen} comes first`;
    case 'joined':
      return 'matches, but the line belongs to the event before it';
    case 'log_group':
      return `matches, but is for ${reason.logGroups.join(', ') || 'another log group'}`;
    case 'json':
      return `expects ${reason.path} to match ${reason.expected || 'anything'}, found ${quoted(
        reason.got === null ? 'nothing' : String(reason.got),
      )}`;
  }
}

/** How far a pattern came, in words. */
export const describeProgress = ({ matched, at, expected }: PatternProgress): string =>
  `matches ${quoted(matched)}, then expects /${expected}/ at character ${at}`;

const quoted = (text: string): string => `'${text.length > 60 ? `${text.slice(0, 59)}…` : text}'`;
