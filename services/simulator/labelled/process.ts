import type { Random } from '../../../lib/testing/random.js';
import { hex, weighted } from './draw.js';
import { type Convention, drawConvention, placed } from './identity.js';
import { isJson, layouts } from './layouts.js';
import type { Printed } from './printed.js';
import type { Stream, Write } from './record.js';
import type { Deployment, LayoutName } from './scenario.js';

/** Who is speaking when a process writes a record. */
export interface Speaker {
  sessionId: string | null;
  traceId: string | null;
  agent: string | null;
  requestId: string | null;
  /** Thread or task that the session runs on. */
  thread: string;
}

/** Processes of one kind, that log in the same way: what they show and how. */
export class Program {
  readonly convention: Convention;
  readonly layout: LayoutName;
  /** What frameworks print past the logger is taken by it all the same, line by line or as one record; or is not. */
  private readonly capture: 'none' | 'record' | 'line';
  private readonly pid: number;
  private readonly host: string;
  private readonly idsField: string;

  constructor(
    private readonly random: Random,
    private readonly deployment: Deployment,
  ) {
    this.convention = drawConvention(random, deployment.ids);
    this.layout = weighted(random, deployment.layouts);
    const mustShow = deployment.agent_id > 0 || (deployment.ids.share > 0 && deployment.ids.by === 'record');
    this.capture = mustShow ? random.pick(['record', 'record', 'line'] as const) : 'none';
    this.pid = random.pick([1, 7, 1 + random.below(30_000)]);
    this.idsField = random.pick(['context', 'mdc', 'labels', 'extra']);
    this.host = `${deployment.name}-${hex(random, 6)}`;
  }

  /** The physical lines of a record. `atMs` is what the process' own clock says. */
  write(printed: Printed, speaker: Speaker, atMs: number): Write['lines'] {
    const isPrinted = printed.origin === 'stdout';
    if (isPrinted && this.capture === 'none') return plain(printed.lines);
    if (isPrinted && this.capture === 'line' && !isJson(this.layout))
      return printed.lines.flatMap((line) => this.dress({ ...printed, lines: [line] }, speaker, atMs));
    return this.dress(printed, speaker, atMs);
  }

  /** Whether a session's lines show on which thread it runs. */
  get showsThreads(): boolean {
    return this.layout === 'python-thread' || this.layout === 'logback';
  }

  private dress(printed: Printed, speaker: Speaker, atMs: number): Write['lines'] {
    const { ids: rule, agent_id } = this.deployment;
    const { random, convention } = this;
    const ids: Record<string, string> = {};
    const shows =
      speaker.sessionId !== null &&
      (rule.by === 'record' || printed.origin === 'app') &&
      random.chance(rule.share);
    if (shows) ids[convention.key] = speaker.sessionId!;
    if (shows && speaker.traceId !== null && convention.kind !== 'trace' && random.chance(rule.with_trace))
      ids[convention.traceKey] = speaker.traceId;
    const shownIds = Object.values(ids);
    const agent = speaker.agent !== null && random.chance(agent_id) ? speaker.agent : null;
    if (agent !== null) ids[convention.agentKey] = agent;
    if (this.layout === 'lambda-logging' && speaker.requestId !== null) shownIds.push(speaker.requestId);
    const lines = layouts[this.layout](
      printed,
      { atMs, ids, ...placed(convention.place, ids), requestId: speaker.requestId },
      { host: this.host, pid: this.pid, thread: speaker.thread, random, idsField: this.idsField },
    );
    return lines.map((text, index) =>
      index === 0 ? { text, ids: shownIds, agent } : { text, ids: [], agent: null },
    );
  }
}

/** Lines that show nothing but themselves. */
export const plain = (lines: string[], ids: string[] = []): Write['lines'] =>
  lines.map((text) => ({ text, ids, agent: null }));

/** A stream's name and place, as its platform gives them. */
export function drawStream(
  random: Random,
  { platform, name }: Deployment,
  program: number,
  number: number,
  skewS: number,
): Stream {
  const skewMs = (random.next() * 2 - 1) * skewS * 1_000;
  if (platform === 'lambda') {
    const stream = `2026/03/02/[$LATEST]${hex(random, 32)}`;
    const group = `/aws/lambda/${name}-${program}`;
    return {
      name: `${group}/${stream}`,
      source: {
        system: 'cloudwatch',
        account: '123456789012',
        region: 'eu-central-1',
        log_group: group,
        log_stream: stream,
      },
      hasLogIds: true,
      resolutionMs: 1,
      skewMs,
    };
  }
  if (platform === 'file') {
    const stream = `/var/log/${name}/${name}-${program}-${number}.log`;
    return {
      name: stream,
      source: { system: 'file', log_group: name, log_stream: stream },
      hasLogIds: false,
      // read by a tail once a second
      resolutionMs: 1_000,
      skewMs,
    };
  }
  const stream = `${name}-${program}-${hex(random, 10)}-${hex(random, 5)}`;
  return {
    name: stream,
    source: { system: 'container', log_group: `${name}-${program}`, log_stream: stream },
    hasLogIds: random.chance(0.5),
    resolutionMs: 1,
    skewMs,
  };
}
