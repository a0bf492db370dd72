import type { FastifyInstance } from 'fastify';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { GroupList, MessageList, MessagesQuery, TopicList, TopicParams } from '../schemas-kafka.js';
import { given, periodOf, problemsOf } from './answers.js';

const TAG = ['kafka'];

/** Topics, consumer groups and a look into messages. */
export function kafkaRoutes(app: FastifyInstance, { look }: Pick<Ports, 'look'>): void {
  app.get(
    '/api/v1/topics',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'Topics with their partitions',
        response: { 200: TopicList, ...problemsOf(401, 403, 429, 503) },
      },
    },
    async () => ({ topics: await look.topics() }),
  );

  app.get(
    '/api/v1/groups',
    {
      config: { scope: 'read' },
      schema: {
        tags: TAG,
        summary: 'Consumer groups and how far they are behind',
        response: { 200: GroupList, ...problemsOf(401, 403, 429, 503) },
      },
    },
    async () => ({ groups: await look.groups() }),
  );

  app.get<{ Params: { topic: string }; Querystring: MessagesQuery }>(
    '/api/v1/topics/:topic/messages',
    {
      // raw-logs and dead-letter hold what producers sent, before anything was masked
      config: { scope: 'admin' },
      schema: {
        tags: TAG,
        summary: 'Messages of a topic, decoded',
        description:
          'Committed records only. Wants the scope admin: raw-logs and dead-letter hold lines as their producers sent them, with whatever ' +
          'secrets are in them.',
        params: TopicParams,
        querystring: MessagesQuery,
        response: { 200: MessageList, ...problemsOf(400, 401, 403, 404, 429, 503) },
      },
    },
    async ({ params, query }) => {
      const { partition, offset, from, contains, limit = 50 } = query;
      if (offset !== undefined && partition === undefined) {
        const message = 'goes with a partition';
        throw new Problem('invalid-request', `offset ${message}`, { errors: [{ field: 'offset', message }] });
      }
      const fromMs = periodOf({ from }).from;
      return look.messages(params.topic, { ...given({ partition, offset, fromMs, contains }), limit });
    },
  );
}
