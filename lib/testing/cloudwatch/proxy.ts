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
import { type Answer, cut, forward, forwarded, read, refusal, send } from './http-answer.js';
import { Identities, type StsFault, stsRefusal } from './identities.js';
import { type FilteredEvent, pageOf, type Range, readToken, tokenFault, writeToken } from './pages.js';

export interface ProxyOptions {
  /** The emulator behind it. */
  target: string;
  seed: number;
  profile?: FaultProfile;
  visibility?: Visibility;
  /** Wall clock of the events' visibility, Unix milliseconds. */
  nowMs?: () => number;
  /** FilterLogEvents taken per second, account and region before ThrottlingException; AWS's quota is 5. Left out: no limit. */
  requestsPerSecond?: number;
  /** ARNs of roles that nobody may assume. */
  closedRoles?: readonly string[];
}

export interface CloudWatchProxy {
  url: string;
  /** Faults that were served, by kind. */
  readonly served: Readonly<Record<FaultKind, number>>;
  /** Requests that were refused because a role's credentials had ended. */
  readonly expired: number;
  /** Requests to STS that failed because {@link setStsFault} said so. */
  readonly stsFaults: number;
  /** Times of all FilterLogEvents requests, milliseconds of performance.now(). */
  readonly filterTimes: readonly number[];
  /** How many last pages, those without a nextToken, were served whole, by `account/region/group`. */
  readonly rangesEnded: ReadonlyMap<string, number>;
  /** What a client did that AWS would refuse, or that loses events: a token used with another range. */
  readonly misuses: readonly string[];
  /** From now on another profile. */
  setProfile(profile: FaultProfile): void;
  /** An outage: every connection is cut until it is over. */
  setOutage(outage: boolean): void;
  /** From now on nobody assumes a role; null: again everybody does. */
  setStsFault(fault: StsFault | null): void;
  /** Ends the credentials of every role that was assumed, before their time. */
  expireCredentials(): void;
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
  const timesOfPlace = new Map<string, number[]>();
  const identities = new Identities();
  let stsFault: StsFault | null = null;
  let expired = 0;
  let stsFaults = 0;
  const rangesEnded = new Map<string, number>();
  const misuses: string[] = [];

  const filter = async (
    request: FilterRequest,
    place: string,
    headers: Headers,
    fault: Fault,
  ): Promise<Answer> => {
    const name = request.logGroupName ?? groupOfArn(request.logGroupIdentifier ?? '');
    const group = `${place}/${name}`;
    const range = { group, startTime: request.startTime ?? null, endTime: request.endTime ?? null };
    const token = request.nextToken === undefined ? null : readToken(request.nextToken);
    if (request.nextToken !== undefined) {
      const wrong = tokenFault(token, range, nowMs());
      if (wrong) misuses.push(`nextToken for ${group}: ${wrong}`);
      if (wrong || fault.kind === 'expired-token') {
        return refusal(400, 'InvalidParameterException', 'The specified nextToken is invalid.');
      }
    }
    const found = await listRange(options.target, headers, name, range);
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

  const overQuota = (place: string): boolean => {
    const now = performance.now();
    filterTimes.push(now);
    const times = [...(timesOfPlace.get(place) ?? []).filter((time) => time > now - 1_000), now];
    timesOfPlace.set(place, times);
    return options.requestsPerSecond !== undefined && times.length > options.requestsPerSecond;
  };

  const answerSts = async (incoming: IncomingMessage, headers: Headers, body: Buffer): Promise<Answer> => {
    const role = new URLSearchParams(body.toString()).get('RoleArn');
    if (role !== null && options.closedRoles?.includes(role)) return stsRefusal('denied');
    const answer = await forward(options.target, incoming, headers, body);
    if (role !== null) identities.learn(answer.body.toString(), role);
    return answer;
  };

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read(incoming);
    if (outage) return void response.destroy();
    const headers = forwarded(incoming);
    const caller = identities.callerOf(headers.get('authorization') ?? '');
    const isSts = caller.service === 'sts';
    if (isSts && stsFault !== null) {
      stsFaults++;
      return stsFault === 'down' ? void response.destroy() : send(response, stsRefusal(stsFault));
    }
    if (!isSts && caller.expired) {
      expired++;
      return send(response, refusal(400, 'ExpiredTokenException', 'The security token has expired'));
    }
    const isFilter = incoming.headers['x-amz-target'] === FILTER;
    const drawn = faultAt(options.seed, requests++, profile);
    const fault: Fault = isFilter || ANYWHERE.has(drawn.kind) ? drawn : { kind: 'none' };
    if (fault.kind !== 'none') served[fault.kind]!++;
    if (fault.kind === 'slow') await delay(fault.ms);
    const over = isFilter && overQuota(caller.place);
    if (fault.kind === 'throttle' || over) {
      const refused = isSts ? stsRefusal('throttle') : refusal(400, 'ThrottlingException', 'Rate exceeded');
      return send(response, refused);
    }
    if (fault.kind === 'server-error') {
      const name = fault.status === 503 ? 'ServiceUnavailableException' : 'InternalFailure';
      return send(response, refusal(fault.status, name, 'try again'));
    }
    if (fault.kind === 'cut' && fault.share === 0) return void response.destroy();
    const full = isFilter
      ? await filter(JSON.parse(body.toString()) as FilterRequest, caller.place, headers, fault)
      : await (isSts ? answerSts(incoming, headers, body) : forward(options.target, incoming, headers, body));
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
    get expired() {
      return expired;
    },
    get stsFaults() {
      return stsFaults;
    },
    filterTimes,
    rangesEnded,
    misuses,
    setProfile: (next) => {
      profile = next;
    },
    setOutage: (now) => {
      outage = now;
    },
    setStsFault: (fault) => {
      stsFault = fault;
    },
    expireCredentials: () => identities.expire(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** All events of a range, or the emulator's refusal. */
async function listRange(
  target: string,
  headers: Headers,
  logGroupName: string,
  range: Range,
): Promise<FilteredEvent[] | Answer> {
  const events: FilteredEvent[] = [];
  let nextToken: string | undefined;
  do {
    const response = await fetch(target, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        logGroupName,
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
