import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ApiKey, findApiKey, mayUse, type Principal, type Scope } from './core/api-keys.js';
import type { KeyStore } from './ports.js';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request; null where no valid key was shown. */
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** Scope that the route asks for, or several of which one is enough; left out: open to all. */
    scope?: Scope | readonly Scope[];
  }
}

/** Keys given at the start of the process. */
export const fixedKeys = (keys: readonly ApiKey[]): KeyStore => ({
  find: async (token) => findApiKey(keys, token),
});

/** The first that knows the token. */
export const firstOf = (...stores: KeyStore[]): KeyStore => ({
  async find(token) {
    for (const store of stores) {
      const found = await store.find(token);
      if (found) return found;
    }
    return undefined;
  },
});

/** Takes every request as admin. */
export const openDoor: KeyStore = {
  find: async () => ({
    id: 'anonymous',
    name: 'AUTH=off',
    scopes: new Set(['admin']),
    requestsPerMinute: null,
  }),
};

const BEARER = /^Bearer +([\x21-\x7e]{1,512}) *$/i;

/**
 * Says who sends a request before anything else looks at it, and refuses it once the rate limit has counted it and
 * before its body is read.
 */
export function requireKeys(app: FastifyInstance, keys: KeyStore): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', (route) => {
    const { scope } = route.config ?? {};
    // OpenAPI 3.1: the names of a requirement are the roles that it wants; of several requirements one is enough
    if (scope) route.schema = { ...route.schema, security: [scope].flat().map((one) => ({ key: [one] })) };
  });
  app.addHook('onRequest', async (request) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    request.principal = (await keys.find(token ?? '')) ?? null;
  });
  app.addHook('preParsing', async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope) authorise(request, scope);
  });
}

function authorise(request: FastifyRequest, scope: Scope | readonly Scope[]): void {
  const scopes = typeof scope === 'string' ? [scope] : scope;
  const { principal } = request;
  if (!principal) {
    const detail = request.headers.authorization
      ? 'this API key is not taken'
      : 'send the header `Authorization: Bearer <API key>`';
    throw new Problem('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer realm="vectadb"' } });
  }
  if (!scopes.some((one) => mayUse(principal, one)))
    throw new Problem('forbidden', `this needs a key with the scope ${scopes.join(' or ')}`);
}
