import type { FastifyInstance } from 'fastify';
import { nameOf } from '../../../lib/dead-letters/letter.js';
import { isEncoding } from '../../../lib/dead-letters/recode.js';
import type { LetterFilter } from '../../../lib/dead-letters/selection.js';
import { strictBody } from '../body.js';
import { mayUse } from '../core/api-keys.js';
import { decodeLetterCursor, encodeLetterCursor } from '../core/letter-cursor.js';
import type { Ports, ShownLetter } from '../ports.js';
import { Problem } from '../problem.js';
import {
  LetterOut,
  LetterPage,
  LetterParams,
  LettersQuery,
  RedriveIn,
  RedriveOut,
} from '../schemas-dead-letters.js';
import { given, periodOf, problemsOf } from './answers.js';

const TAG = ['dead letters'];
const DEFAULT_LIMIT = 50;
const DEFAULT_REDRIVE = 500;

/** What could not be processed: listed, shown, and sent back to where it came from. */
export function deadLetterRoutes(app: FastifyInstance, { deadLetters }: Pick<Ports, 'deadLetters'>): void {
  app.get<{ Querystring: LettersQuery }>(
    '/api/v1/dead-letters',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'Dead letters, newest first',
        description:
          'What was refused, why, where it was and what was done about it; its data are with the single letter. The topic is looked through ' +
          'for each page: 503 where that takes more than 20 s.',
        querystring: LettersQuery,
        response: { 200: LetterPage, ...problemsOf(400, 401, 403, 429, 503) },
      },
    },
    async ({ query, principal }) => {
      if (query.contains !== undefined && !(principal && mayUse(principal, 'admin')))
        throw new Problem('forbidden', 'contains needs a key with the scope admin');
      const { state = 'open', limit = DEFAULT_LIMIT, cursor } = query;
      const filter = given<LetterFilter>({ ...filterOf(query), state: state === 'all' ? undefined : state });
      const page = await deadLetters.list({
        filter,
        limit,
        after: cursor === undefined ? null : placeOf(cursor),
      });
      return {
        total: page.total,
        summary: page.summary.map(({ oldestMs, newestMs, ...group }) => ({
          ...group,
          oldest_at: moment(oldestMs),
          newest_at: moment(newestMs),
        })),
        letters: page.letters,
        next_cursor: page.next && encodeLetterCursor(page.next),
      };
    },
  );

  app.get<{ Params: LetterParams }>(
    '/api/v1/dead-letters/:partition/:offset',
    {
      // data as they were sent, before anything was masked
      config: { scope: 'admin' },
      schema: {
        tags: TAG,
        summary: 'One dead letter with its data',
        description:
          'Named by its place in dead-letter, as in lists: 3/12. Wants the scope admin: the data are as their producer sent them, with ' +
          'whatever secrets are in them.',
        params: LetterParams,
        response: { 200: LetterOut, ...problemsOf(400, 401, 403, 404, 429, 503) },
      },
    },
    async (request) => {
      request.auditTarget = nameOf(request.params);
      const letter = await deadLetters.find(request.params);
      if (letter === null)
        throw new Problem(
          'not-found',
          `there is no dead letter ${nameOf(request.params)}; those older than the topic's retention are gone`,
        );
      return letterOut(letter);
    },
  );

  app.post<{ Body: RedriveIn }>(
    '/api/v1/dead-letters/redrive',
    {
      config: { scope: 'admin' },
      validatorCompiler: strictBody,
      schema: {
        tags: TAG,
        summary: 'Send dead letters back to where they came from',
        description:
          'By name, by filters, or all that are open. A letter and the note that it was sent are one transaction, so each is sent once, ' +
          'whoever asks and however often; `again` sends it once more, and its events are still the same. 409: another redrive runs, here or on ' +
          'the command line; what was sent until then stays sent. What is refused again becomes a new letter.',
        body: RedriveIn,
        response: { 200: RedriveOut, ...problemsOf(400, 401, 403, 409, 413, 415, 429, 503) },
      },
    },
    async (request) => {
      const { body } = request;
      const {
        letters,
        all = false,
        again = false,
        encoding,
        limit = DEFAULT_REDRIVE,
        dry_run = false,
      } = body;
      const filter = given<LetterFilter>({
        ...filterOf(body),
        names: letters === undefined ? undefined : new Set(letters),
      });
      if (!all && Object.keys(filter).length === 0)
        throw fault('letters', 'name letters, select them by cause, from, …, or ask for all');
      if (encoding !== undefined && !isEncoding(encoding))
        throw fault('encoding', 'is no encoding that is known');
      request.auditTarget = targetOf(body);
      const wanted = { filter, again, encoding, limit };
      const done = dry_run ? await deadLetters.plan(wanted) : await deadLetters.redrive(wanted);
      return { dry_run, ...done };
    },
  );
}

type Filters = Pick<LettersQuery, 'stage' | 'cause' | 'topic' | 'from' | 'to' | 'contains'>;

function filterOf({ stage, cause, topic, from, to, contains }: Filters): LetterFilter {
  const period = periodOf(given({ from, to }));
  return { stage, cause, topic, contains, sinceMs: period.from, untilMs: period.to };
}

function placeOf(cursor: string) {
  const place = decodeLetterCursor(cursor);
  if (place === null) throw fault('cursor', 'is none that a page gave');
  return place;
}

const fault = (field: string, message: string): Problem =>
  new Problem('invalid-request', `${field}: ${message}`, { errors: [{ field, message }] });

const MAX_TARGET_LENGTH = 200;

/** What the audit log says of a redrive: what was asked for, without what data hold. */
function targetOf({ contains, letters, ...asked }: RedriveIn): string {
  const chosen = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== false));
  const said = { ...chosen, ...(contains === undefined ? {} : { contains: '…' }) };
  const names = letters === undefined ? '' : `${letters.length} letters: ${letters.join(' ')} `;
  return `${names}${JSON.stringify(said)}`.slice(0, MAX_TARGET_LENGTH);
}

const moment = (ms: number): string => new Date(ms).toISOString();

function letterOut({ appendedMs, predecessor, successor, trail, ...letter }: ShownLetter) {
  return {
    ...letter,
    appended_at: appendedMs === null ? null : moment(appendedMs),
    predecessor: predecessor && nameOf(predecessor),
    successor: successor && nameOf(successor),
    trail: trail.map(({ at_ms, result, to }) => ({ at: moment(at_ms), result, to })),
  };
}
