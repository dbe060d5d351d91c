import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestError } from '../errors.ts';
import { serveDashboard } from './dashboard.ts';

const folder = mkdtempSync(join(tmpdir(), 'halyard-dashboard-'));
let app: FastifyInstance;

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<title>Dashboard</title>');
  writeFileSync(join(folder, 'assets', 'main-abc.js'), 'main()');
  writeFileSync(join(folder, 'assets', 'main-abc.js.gz'), 'packed');
  app = fastify();
  app.setErrorHandler((error, _, reply) => reply.status(error instanceof RequestError ? 404 : 500).send({}));
  await serveDashboard(app, { folder, version: '1.2.3' });
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const open = (url: string, headers = {}) => app.inject({ url, headers: { accept: 'text/html', ...headers } });

test.each(['/', '/login', '/projects/1/features?q=a'])('a browser that opens %s gets the page', async (url) => {
  const answer = await open(url);

  expect(answer.body).toBe('<title>Dashboard</title>');
});

test('the page says what may run in it and who may frame it', async () => {
  const answer = await open('/');

  expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
});

test.each(['/api/v1/nothing/', '/o/nothing/', '/assets/gone.js', '/health/nothing'])(
  '%s is not a screen',
  async (url) => {
    const answer = await open(url);

    expect(answer.statusCode).toBe(404);
  },
);

test('a script that asks for an unknown address gets no page', async () => {
  const answer = await open('/projects/1', { accept: 'application/json' });

  expect(answer.statusCode).toBe(404);
});

test('files whose names change with their content are kept for a year', async () => {
  const answer = await open('/assets/main-abc.js');

  expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

test('who takes gzip gets the packed file', async () => {
  const answer = await open('/assets/main-abc.js', { 'accept-encoding': 'gzip' });

  expect(answer.headers['content-encoding']).toBe('gzip');
});

test('without a build, a page says what runs here', async () => {
  const bare = fastify();
  await serveDashboard(bare, { folder: null, version: '1.2.3' });

  const answer = await bare.inject({ url: '/' });

  expect(answer.body).toContain('Halyard is up');
  await bare.close();
});
