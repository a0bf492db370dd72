import type { FastifyInstance } from 'fastify';
import type { GatewayMetrics } from '../metrics.js';
import type { Ports } from '../ports.js';

/** `/health`, `/ready` and `/metrics`: open to all, and no secret in them. */
export function probeRoutes(app: FastifyInstance, ports: Ports, metrics: GatewayMetrics): void {
  // Probes and metrics are asked for all the time, by machines: they have no rate limit.
  const config = { rateLimit: false } as const;
  const hidden = { hide: true };

  app.get('/health', { config, schema: hidden }, async () => ({ status: 'ok', service: 'gateway' }));

  app.get('/ready', { config, schema: hidden }, async (_request, reply) => {
    const report = await ports.health();
    return reply.code(report.ready ? 200 : 503).send(report);
  });

  app.get('/metrics', { config, schema: hidden }, async (_request, reply) =>
    reply
      .type(metrics.registry.contentType)
      .serializer((text: string) => text)
      .send(await metrics.registry.metrics()),
  );
}
