import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AuditFilter, resultOf } from './core/audit-filter.js';
import type { AuditPort } from './ports.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What an admin action was done to, where the path does not say it. */
    auditTarget: string | null;
  }
}

/** Tells the audit log of every request to a route that asks for a key, once it is answered. */
export function auditRequests(app: FastifyInstance, audit: AuditPort, now: () => number): void {
  const filter = new AuditFilter();
  app.decorateRequest('auditTarget', null);
  app.addHook('onResponse', async (request, reply) => {
    const { url, config } = request.routeOptions;
    if (!config.scope || !url) return;
    const { principal } = request;
    const nowMs = now();
    const entry = {
      time: new Date(nowMs).toISOString(),
      key_id: principal?.id ?? null,
      key_name: principal?.name ?? null,
      action: `${request.method} ${url}`,
      target: request.auditTarget ?? idOf(request),
      result: resultOf(reply.statusCode),
      status: reply.statusCode,
      ip: request.ip,
    };
    if (filter.admits(entry, config.scope === 'admin', nowMs)) audit.record(entry);
  });
}

const MAX_TARGET_LENGTH = 200;

function idOf({ params }: FastifyRequest): string | null {
  const id = (params as { id?: unknown } | undefined)?.id;
  return typeof id === 'string' ? id.slice(0, MAX_TARGET_LENGTH) : null;
}
