import { EventEmitter } from 'node:events';
import {
  type LogGroupSelector,
  literalPrefixOf,
  logGroupMatcher,
} from '../../../lib/config/log-group-matcher.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import type { ApiErrorKind } from '../core/api-error.js';
import { groupKey, type LogGroup } from '../core/log-group.js';
import { ApiError } from './cloudwatch-api.js';
import type { Target } from './target.js';
import { pause } from './waiting.js';

/** A target that could not be listed is tried again after this long. */
const RETRY_MS = 10_000;

export interface ListedGroup {
  group: LogGroup;
  target: Target;
}

/**
 * The log groups that the configuration means, found and found again: a group that is named is read whether it can be
 * listed or not, groups of a prefix or pattern are read once they are listed. A listing that fails leaves what was known.
 */
export class GroupDirectory extends EventEmitter<{ changed: [] }> {
  private readonly found = new Map<Target, Map<string, LogGroup>>();
  /** Targets that could not be listed, with the reason. */
  readonly troubles = new Map<string, { kind: ApiErrorKind; message: string }>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly targets: readonly Target[],
    private readonly intervalMs: number,
    private readonly logger: Logger,
  ) {
    super();
    this.setMaxListeners(0);
  }

  /** Every group by its key. */
  groups(): Map<string, ListedGroup> {
    const all = new Map<string, ListedGroup>();
    for (const [target, groups] of this.found)
      for (const [key, group] of groups) all.set(key, { group, target });
    return all;
  }

  /** Looks once; resolves when each of these targets was tried. */
  async refresh(targets = this.targets): Promise<void> {
    const before = [...this.groups().keys()].sort().join('\n');
    await Promise.all(targets.map((target) => this.refreshTarget(target)));
    const after = [...this.groups().keys()].sort().join('\n');
    if (before !== after) this.emit('changed');
  }

  /** Looks again and again, until closed; where it failed, sooner. */
  async run(): Promise<void> {
    let dueMs = performance.now() + this.intervalMs;
    while (!this.stopping.signal.aborted) {
      const failed = this.targets.filter(({ api }) => this.troubles.has(api.label));
      const restMs = Math.max(0, dueMs - performance.now());
      const retries = failed.length > 0 && restMs > RETRY_MS;
      await pause(retries ? RETRY_MS : restMs, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      if (!retries) dueMs = performance.now() + this.intervalMs;
      await this.refresh(retries ? failed : this.targets);
    }
  }

  close(): void {
    this.stopping.abort();
  }

  private async refreshTarget(target: Target): Promise<void> {
    const { api, selectors } = target;
    try {
      const account = await api.account();
      const known = this.found.get(target) ?? new Map<string, LogGroup>();
      const now = new Map<string, LogGroup>();
      const add = (name: string) => {
        const group: LogGroup = { account, region: api.region, name };
        now.set(groupKey(group), group);
      };
      for (const { name } of selectors) if (name !== undefined) add(name);
      // a listing that fails takes nothing away, and nobody need list to read what is named
      this.replace(target, new Map([...known, ...now]));
      for (const selector of selectors) {
        if (selector.name === undefined) for (const name of await list(target, selector)) add(name);
      }
      this.replace(target, now);
      if (this.troubles.delete(api.label))
        this.logger.info({ target: api.label }, 'log groups are listed again');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const log = { target: api.label, kind: error.kind, reason: error.message };
      if (this.troubles.get(api.label)?.kind === error.kind)
        this.logger.debug(log, 'log groups still cannot be listed');
      else this.logger.error(log, TROUBLE[error.kind] ?? 'log groups cannot be listed; trying again');
      this.troubles.set(api.label, { kind: error.kind, message: error.message });
    }
  }

  private replace(target: Target, now: Map<string, LogGroup>): void {
    const known = this.found.get(target) ?? new Map<string, LogGroup>();
    for (const key of now.keys()) if (!known.has(key)) this.logger.info({ group: key }, 'found a log group');
    for (const key of known.keys())
      if (!now.has(key)) this.logger.warn({ group: key }, 'the log group is gone');
    this.found.set(target, now);
  }
}

const TROUBLE: Partial<Record<ApiErrorKind, string>> = {
  role: 'the role cannot be assumed: its log groups are not listed; trying again',
  denied: 'the credentials lack logs:DescribeLogGroups: only groups that are named are read; trying again',
};

async function list({ api }: Target, selector: LogGroupSelector): Promise<string[]> {
  const matches = logGroupMatcher(selector);
  const prefix = selector.prefix ?? literalPrefixOf(selector.pattern!);
  const names: string[] = [];
  for await (const page of api.listGroups(prefix)) names.push(...page.filter(matches));
  return names;
}
