import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  delayOf,
  type Fault,
  type FaultKind,
  type FaultProfile,
  faultAt,
  NO_FAULTS,
  VISIBLE_AT_ONCE,
  type Visibility,
} from './faults.js';
import { type FilteredEvent, pageOf, type Range, readToken, tokenFault, writeToken } from './pages.js';

export interface ProxyOptions {
  /** The emulator behind it. */
  target: string;
  seed: number;
  profile?: FaultProfile;
  visibility?: Visibility;
  /** Wall clock of the events' visibility, Unix milliseconds. */
  nowMs?: () => number;
  /** FilterLogEvents taken per second before ThrottlingException; AWS's quota is 5. Left out: no limit. */
  requestsPerSecond?: number;
}

export interface CloudWatchProxy {
  url: string;
  /** Faults that were served, by kind. */
  readonly served: Readonly<Record<FaultKind, number>>;
  /** Times of all FilterLogEvents requests, milliseconds of performance.now(). */
  readonly filterTimes: readonly number[];
  /** How many last pages, those without a nextToken, were served whole, by group. */
  readonly rangesEnded: ReadonlyMap<string, number>;
  /** What a client did that AWS would refuse, or that loses events: a token used with another range. */
  readonly misuses: readonly string[];
  /** From now on another profile. */
  setProfile(profile: FaultProfile): void;
  /** An outage: every connection is cut until it is over. */
  setOutage(outage: boolean): void;
  close(): Promise<void>;
}

interface FilterRequest {
  logGroupName?: string;
  logGroupIdentifier?: string;
  startTime?: number;
  endTime?: number;
  limit?: number;
  nextToken?: string;
}

const FILTER = 'Logs_20140328.FilterLogEvents';
/** Faults that make sense for any request; the others are about pages of events. */
const ANYWHERE = new Set<Fault['kind']>(['throttle', 'server-error', 'cut', 'slow']);

/** AWS as it is on a bad day: passes requests on to the emulator, and answers by the schedule of its seed. */
export async function startCloudWatchProxy(options: ProxyOptions): Promise<CloudWatchProxy> {
  const nowMs = options.nowMs ?? Date.now;
  const visibility = options.visibility ?? VISIBLE_AT_ONCE;
  let profile = options.profile ?? NO_FAULTS;
  let outage = false;
  let requests = 0;
  let tokens = 0;
  const served: Record<string, number> = Object.fromEntries(Object.keys(NO_FAULTS).map((kind) => [kind, 0]));
  const filterTimes: number[] = [];
  const rangesEnded = new Map<string, number>();
  const misuses: string[] = [];

  const filter = async (request: FilterRequest, headers: Headers, fault: Fault): Promise<Answer> => {
    const group = request.logGroupName ?? groupOfArn(request.logGroupIdentifier ?? '');
    const range = { group, startTime: request.startTime ?? null, endTime: request.endTime ?? null };
    const token = request.nextToken === undefined ? null : readToken(request.nextToken);
    if (request.nextToken !== undefined) {
      const wrong = tokenFault(token, range, nowMs());
      if (wrong) misuses.push(`nextToken for ${group}: ${wrong}`);
      if (wrong || fault.kind === 'expired-token') {
        return refusal(400, 'InvalidParameterException', 'The specified nextToken is invalid.');
      }
    }
    const found = await listRange(options.target, headers, range);
    if (!Array.isArray(found)) return found;
    const visible = found.filter(
      ({ eventId, timestamp }) => timestamp + delayOf(options.seed, eventId, visibility) <= nowMs(),
    );
    const page = pageOf(visible, range, token?.after ?? null, request.limit, fault);
    if (page.next === null && fault.kind !== 'cut') {
      rangesEnded.set(group, (rangesEnded.get(group) ?? 0) + 1);
    }
    const body = {
      events: page.events,
      nextToken: page.next ? writeToken({ ...page.next, issuedAtMs: nowMs() }, ++tokens) : undefined,
      searchedLogStreams: [],
    };
    return { status: 200, body: Buffer.from(JSON.stringify(body)) };
  };

  const overQuota = (): boolean => {
    const now = performance.now();
    filterTimes.push(now);
    if (options.requestsPerSecond === undefined) return false;
    return filterTimes.filter((time) => time > now - 1_000).length > options.requestsPerSecond;
  };

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read(incoming);
    if (outage) return void response.destroy();
    const headers = forwarded(incoming);
    const isFilter = incoming.headers['x-amz-target'] === FILTER;
    const drawn = faultAt(options.seed, requests++, profile);
    const fault: Fault = isFilter || ANYWHERE.has(drawn.kind) ? drawn : { kind: 'none' };
    if (fault.kind !== 'none') served[fault.kind]!++;
    if (fault.kind === 'slow') await delay(fault.ms);
    const over = isFilter && overQuota();
    if (fault.kind === 'throttle' || over) {
      return send(response, refusal(400, 'ThrottlingException', 'Rate exceeded'));
    }
    if (fault.kind === 'server-error') {
      const name = fault.status === 503 ? 'ServiceUnavailableException' : 'InternalFailure';
      return send(response, refusal(fault.status, name, 'try again'));
    }
    if (fault.kind === 'cut' && fault.share === 0) return void response.destroy();
    const full = isFilter
      ? await filter(JSON.parse(body.toString()) as FilterRequest, headers, fault)
      : await forward(options.target, incoming, headers, body);
    if (fault.kind === 'cut') return cut(response, full, fault.share);
    send(response, full);
  };

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      // the emulator is away: to its clients that is a cut connection
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    served: served as Record<FaultKind, number>,
    filterTimes,
    rangesEnded,
    misuses,
    setProfile: (next) => {
      profile = next;
    },
    setOutage: (now) => {
      outage = now;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  status: number;
  body: Buffer;
  type?: string;
}

const JSON_TYPE = 'application/x-amz-json-1.1';

const refusal = (status: number, name: string, message: string): Answer => ({
  status,
  body: Buffer.from(JSON.stringify({ __type: name, message })),
});

function send(response: ServerResponse, { status, body, type }: Answer): void {
  response.writeHead(status, { 'content-type': type ?? JSON_TYPE, 'content-length': body.length }).end(body);
}

/** Says how long the answer is, sends a part of it, and ends the connection. */
function cut(response: ServerResponse, { status, body, type }: Answer, share: number): void {
  response.writeHead(status, { 'content-type': type ?? JSON_TYPE, 'content-length': body.length + 1 });
  response.write(body.subarray(0, Math.floor(body.length * share)), () => response.destroy());
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function forwarded(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const name of [
    'x-amz-target',
    'content-type',
    'authorization',
    'x-amz-date',
    'x-amz-security-token',
  ]) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return headers;
}

async function forward(
  target: string,
  incoming: IncomingMessage,
  headers: Headers,
  body: Buffer,
): Promise<Answer> {
  const response = await fetch(new URL(incoming.url ?? '/', target), {
    method: incoming.method,
    headers,
    body: body.length > 0 ? new Uint8Array(body) : undefined,
  });
  return {
    status: response.status,
    body: Buffer.from(await response.arrayBuffer()),
    type: response.headers.get('content-type') ?? undefined,
  };
}

/** All events of a range, or the emulator's refusal. */
async function listRange(target: string, headers: Headers, range: Range): Promise<FilteredEvent[] | Answer> {
  const events: FilteredEvent[] = [];
  let nextToken: string | undefined;
  do {
    const response = await fetch(target, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        logGroupName: range.group,
        startTime: range.startTime ?? undefined,
        endTime: range.endTime ?? undefined,
        nextToken,
      }),
    });
    const body = Buffer.from(await response.arrayBuffer());
    if (!response.ok) return { status: response.status, body };
    const page = JSON.parse(body.toString()) as { events: FilteredEvent[]; nextToken?: string };
    events.push(...page.events);
    nextToken = page.nextToken ?? undefined;
  } while (nextToken);
  return events;
}

/** `arn:aws:logs:region:account:log-group:NAME[:*]`, or a name. */
const groupOfArn = (identifier: string): string =>
  /^arn:[^:]*:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(identifier)?.[1] ?? identifier;
