import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from '../errors.ts';
import { serveWelcome } from './welcome.ts';

/** Nothing but what this server sends runs in the dashboard, and no other site may frame it. */
const policy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const protection = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

/** Paths that are never a screen: what is not found below them is not found. */
const notScreens = /^\/(api|health|healthcheck|version|sse|ofrep|o|\.well-known|assets)(\/|$)/;

/**
 * Serves the built dashboard from `folder` at `/`; every address that a browser opens and nothing else answers is one of its
 * screens. Without a build, a page at `/` says so.
 */
export async function serveDashboard(
  app: FastifyInstance,
  { folder, version }: { folder: string | null; version: string },
) {
  if (folder === null || !existsSync(join(folder, 'index.html'))) return serveWelcome(app, { version });
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const sendPage = (reply: FastifyReply) =>
    reply
      .headers({ ...protection, 'cache-control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(html);

  await app.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    index: false,
    preCompressed: true,
    setHeaders(reply, path) {
      for (const [name, value] of Object.entries(protection)) reply.header(name, value);
      // A file's name changes with its content.
      if (path.includes('/assets/')) reply.header('cache-control', 'public, max-age=31536000, immutable');
    },
  });
  app.get('/', async (_, reply) => sendPage(reply));
  app.get('/*', async (request, reply) => {
    if (!isScreen(request)) throw notFound();
    return sendPage(reply);
  });
}

function isScreen(request: FastifyRequest): boolean {
  const path = request.url.split('?')[0] as string;
  return !notScreens.test(path) && (request.headers.accept ?? '').includes('text/html');
}
