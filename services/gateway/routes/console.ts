import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../problem.js';

/** First parts of the addresses that are pages of the console: each opens it, whatever follows. Everything else keeps its own answer. */
const PAGES = ['traces', 'search', 'live', 'overview', 'topics', 'dead-letters', 'patterns', 'keys'];

/** Where the console's files are, each named by its content. */
export const ASSETS_PREFIX = '/assets/';
const ASSET_LIFE_MS = 365 * 86_400_000;

/** The console at `/` and its pages, from the folder that `npm run build` makes. Open to all: it holds no data. */
export async function consoleRoutes(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: ASSETS_PREFIX,
      preCompressed: true,
      // names carry the hash of their content
      maxAge: ASSET_LIFE_MS,
      immutable: true,
      index: false,
      schemaHide: true,
    });
    const open = async (_request: FastifyRequest, reply: FastifyReply) => {
      if (!existsSync(join(folder, 'index.html'))) {
        throw new Problem(
          'not-found',
          'the console is not built: npm run build; the API is described at /docs',
        );
      }
      return reply
        .header('cache-control', 'no-cache')
        .sendFile('index.html', folder, { cacheControl: false });
    };
    const addresses = ['/', ...PAGES.flatMap((page) => [`/${page}`, `/${page}/*`])];
    for (const address of addresses) scope.get(address, { schema: { hide: true } }, open);
  });
}
