import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Serves the OpenAPI document at `/api/v1/swagger.json` and a page to read it at `/api/v1/docs/`. */
export async function serveDocs(app: FastifyInstance, document: Record<string, unknown>): Promise<void> {
  const json = JSON.stringify(document);
  app.get('/api/v1/swagger.json', async (_, reply) => reply.header('content-type', 'application/json').send(json));
  await app.register(swagger, { mode: 'static', specification: { document: document as never } });
  await app.register(swaggerUi, {
    routePrefix: '/api/v1/docs',
    uiConfig: { docExpansion: 'none' },
    // The bar would advertise the framework and offer other documents.
    theme: {
      title: 'Halyard API',
      css: [{ filename: 'halyard.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  });
}
