import { Readable } from 'node:stream';
import type { AwsAccountConfig } from '../../../lib/config/app-config.js';
import { type ApiErrorKind, apiErrorKind, roleErrorKind } from '../core/api-error.js';
import { ArraySplitter } from '../core/array-splitter.js';
import type { Range } from '../core/lanes.js';
import type { LogEvent } from '../core/shard-state.js';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from './cloudwatch.bundle.js';
import { AssumeRoleError, assumeRole, callerAccount } from './sts.js';

/** A failed call, with what it means. */
export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    readonly kind: ApiErrorKind,
    readonly code: string,
    cause: unknown,
  ) {
    super(`${code}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export interface FetchedPage {
  events: LogEvent[];
  nextToken: string | null;
}

export interface ApiOptions {
  region: string;
  /** The role to read with; null: the credentials as they are. */
  account: AwsAccountConfig | null;
}

/** A search over a large group may take its time before the first byte. Milliseconds. */
const LIMITS = { connectMs: 5_000, answerMs: 30_000 };
const LISTED_AT_ONCE = 50;

/** CloudWatch Logs of one account and region. It retries nothing: who asks again, and when, is the caller's to say. */
export class CloudWatchApi {
  private readonly client: CloudWatchLogsClient;
  private knownAccount: string | null;
  /** Credentials that were refused are asked for anew, once for all who wait for them. */
  private refused = false;
  private renewal: Promise<unknown> | null = null;

  constructor(
    private readonly options: ApiOptions,
    limits = LIMITS,
  ) {
    const { region, account } = options;
    this.knownAccount = account === null ? null : account.role_arn.split(':')[4]!;
    this.client = new CloudWatchLogsClient({
      region,
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: limits.connectMs,
        requestTimeout: limits.answerMs,
        // between two bytes of an answer as well: its page holds up all others
        socketTimeout: limits.answerMs,
        throwOnRequestTimeout: true,
      },
      ...(account === null ? {} : { credentials: assumeRole(account, region) }),
    });
  }

  /** `role prod in eu-west-1`, for messages. */
  get label(): string {
    const { account, region } = this.options;
    return account === null ? region : `${account.name} in ${region}`;
  }

  /** Whether it reads with a role of its own. */
  get hasRole(): boolean {
    return this.options.account !== null;
  }

  get region(): string {
    return this.options.region;
  }

  /** @throws ApiError of kind `credentials` where there are none, or where the service does not accept them; `role`. */
  async checkCredentials(): Promise<void> {
    try {
      await this.listPage(undefined, undefined, 1);
    } catch (error) {
      // whoever is not allowed to list is known to the service
      if (!(error instanceof ApiError) || error.kind !== 'denied') throw error;
    }
  }

  /** The account id, twelve digits: of the role, of a group that was listed, or by asking who we are. */
  async account(): Promise<string> {
    if (this.knownAccount === null) await this.listPage(undefined, undefined, 1).catch(() => undefined);
    this.knownAccount ??= await this.call(false, () =>
      callerAccount(this.options.region, this.client.config.credentials),
    );
    return this.knownAccount;
  }

  /** Names of the log groups that begin with `prefix`, page by page. */
  async *listGroups(prefix: string): AsyncGenerator<string[]> {
    let token: string | undefined;
    do {
      const { names, nextToken } = await this.listPage(prefix, token, LISTED_AT_ONCE);
      yield names;
      token = nextToken;
    } while (token !== undefined);
  }

  /** One page of a range; `beforeBody` is waited for between an answer's head and its body. @throws ApiError. */
  async filterPage(
    name: string,
    range: Range,
    token: string | null,
    signal: AbortSignal,
    beforeBody: () => Promise<void>,
  ): Promise<FetchedPage> {
    return this.call(token !== null, async () => {
      const command = new FilterLogEventsCommand({
        logGroupName: name,
        startTime: range.fromMs,
        endTime: range.toMs,
        ...(token === null ? {} : { nextToken: token }),
      });
      const events: LogEvent[] = [];
      command.middlewareStack.add(
        (next) => async (args) => {
          const answer = await next(args);
          await beforeBody();
          await takeEvents(answer.response as HttpAnswer, events);
          return answer;
        },
        { step: 'deserialize', priority: 'low', name: 'takeEvents' },
      );
      const { nextToken } = await this.client.send(command, { abortSignal: signal });
      return { events, nextToken: nextToken ?? null };
    });
  }

  close(): void {
    this.client.destroy();
  }

  private async listPage(
    prefix: string | undefined,
    token: string | undefined,
    limit: number,
  ): Promise<{ names: string[]; nextToken: string | undefined }> {
    const { logGroups = [], nextToken } = await this.call(token !== undefined, () =>
      this.client.send(
        new DescribeLogGroupsCommand({
          limit,
          ...(prefix ? { logGroupNamePrefix: prefix } : {}),
          ...(token === undefined ? {} : { nextToken: token }),
        }),
      ),
    );
    // arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
    this.knownAccount ??= logGroups[0]?.arn?.split(':')[4] ?? null;
    return { names: logGroups.map(({ logGroupName }) => logGroupName!), nextToken };
  }

  private async call<T>(withToken: boolean, ask: () => Promise<T>): Promise<T> {
    try {
      await this.renewRefused();
      return await ask();
    } catch (error) {
      const failed = apiErrorOf(error, withToken);
      this.refused ||= failed.kind === 'credentials';
      throw failed;
    }
  }

  /** The SDK keeps credentials until the end that they were given with, though they may be revoked or replaced before. */
  private async renewRefused(): Promise<void> {
    if (this.refused) {
      this.refused = false;
      this.renewal = this.client.config.credentials({ forceRefresh: true });
    }
    const { renewal } = this;
    try {
      await renewal;
    } catch (error) {
      this.refused = true;
      throw error;
    } finally {
      if (this.renewal === renewal) this.renewal = null;
    }
  }
}

/** What the SDK is to be given by the layer below it. */
interface HttpAnswer {
  statusCode: number;
  body: Readable;
}

/**
 * Moves the events out of an answer while it comes in, one by one; the rest of it is left for the SDK to read. A page is up to
 * 10,000 events and some 3 MB: as a text, as what the SDK makes of it and as ours it would be in memory three times.
 */
async function takeEvents(answer: HttpAnswer, events: LogEvent[]): Promise<void> {
  if (answer.statusCode !== 200) return;
  const splitter = new ArraySplitter('events', (json) =>
    events.push(logEventOf(JSON.parse(json.toString('utf8')))),
  );
  for await (const chunk of answer.body as AsyncIterable<Buffer>) splitter.write(chunk);
  answer.body = Readable.from([splitter.end()]);
}

/** @throws where it is none: such an answer makes no sense, and is asked for again. */
function logEventOf({
  eventId,
  timestamp,
  ingestionTime,
  logStreamName,
  message,
}: FilteredLogEvent): LogEvent {
  if (typeof eventId !== 'string' || typeof timestamp !== 'number')
    throw new Error('an event of the answer has no eventId or no timestamp');
  return {
    eventId,
    timestampMs: timestamp,
    ingestedMs: ingestionTime ?? null,
    stream: logStreamName ?? '',
    message: message ?? '',
  };
}

function apiErrorOf(error: unknown, withToken: boolean): ApiError {
  const isRole = error instanceof AssumeRoleError;
  const failure = (isRole ? error.cause : error) as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const name = failure?.name ?? 'Error';
  const facts = { name, status: failure?.$metadata?.httpStatusCode ?? null };
  const kind = isRole ? roleErrorKind(facts) : apiErrorKind(facts, withToken);
  return new ApiError(kind, name === 'Error' && failure?.code ? failure.code : name, error);
}
