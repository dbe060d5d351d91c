import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { aDocument, aFeatureState, aPublished } from '@halyard/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testEdge } from '../testing/edge.ts';
import { serveEdge } from './node.ts';

const { edge, documents } = testEdge([
  aPublished({ document: aDocument({ feature_states: [aFeatureState({ value: 'größe' })] }) }),
]);
let server: Server;
let port: number;
let base: string;

beforeAll(async () => {
  const serve = serveEdge(edge, { bodyLimitBytes: 1000 });
  server = createServer((incoming, response) => {
    if (!serve(incoming, response)) response.writeHead(418).end('core');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  base = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  edge.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const headers = { 'x-environment-key': 'clientkey' };
const post = (body: string | Uint8Array, more: Record<string, string> = {}) =>
  fetch(`${base}/api/v1/identities/`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', ...more },
    body: body as BodyInit,
  });

/** Sends text over a bare connection and answers all that comes back until the server closes or `enough` is there. */
function raw(text: string, enough?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (enough?.test(received)) socket.destroy();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

test('a request of another path is left to others, body and all', async () => {
  const answer = await fetch(`${base}/api/v1/projects/`);

  expect([answer.status, await answer.text()]).toEqual([418, 'core']);
});

test('an answer arrives with its headers, once each', async () => {
  const text = await raw('GET /api/v1/flags/ HTTP/1.1\r\nHost: x\r\nX-Environment-Key: clientkey\r\n\r\n', /\]$/);
  const [head, body] = text.split('\r\n\r\n') as [string, string];
  const lines = head.split('\r\n');
  const names = lines.slice(1).map((line) => line.split(':')[0]?.toLowerCase());

  expect(lines[0]).toBe('HTTP/1.1 200 OK');
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['date', 'connection', 'keep-alive', 'etag', 'flagsmith-version']));
  expect(head).toContain(`Content-Length: ${body.length}`);
});

test('many requests share one connection, also when they are sent before the answers', async () => {
  const one = 'GET /api/v1/flags/ HTTP/1.1\r\nHost: x\r\nX-Environment-Key: clientkey\r\n\r\n';
  const slow = one.replace('/flags/', '/identities/?identifier=new');
  const last = one.replace('Host: x', 'Host: x\r\nConnection: close');

  const text = await raw(one + slow + one + last);

  expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(4);
  expect(text.match(/"identifier":"new"/g)).toHaveLength(1);
  expect(text.match(/Connection: close/g)).toHaveLength(1);
});

test('a client of HTTP/1.0 is answered in its way', async () => {
  const text = await raw('GET /api/v1/flags/ HTTP/1.0\r\nX-Environment-Key: clientkey\r\n\r\n');

  expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(text).toContain('Connection: close');
});

test('HEAD answers the headers of GET and no body', async () => {
  const get = await fetch(`${base}/api/v1/flags/`, { headers });
  const head = await fetch(`${base}/api/v1/flags/`, { method: 'HEAD', headers });

  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
    200,
    String((await get.text()).length),
    '',
  ]);
});

test('a 304 has no body and leaves the connection usable', async () => {
  const etag = (await fetch(`${base}/api/v1/flags/`, { headers })).headers.get('etag') as string;
  const one = `GET /api/v1/flags/ HTTP/1.1\r\nHost: x\r\nX-Environment-Key: clientkey\r\nIf-None-Match: ${etag}\r\n`;

  const text = await raw(`${one}\r\n${one}Connection: close\r\n\r\n`);

  expect(text.match(/HTTP\/1\.1 304 Not Modified/g)).toHaveLength(2);
});

test('a body that comes in pieces is read whole', async () => {
  const body = '{"identifier":"größe","traits":[{"trait_key":"plan","trait_value":"pro"}]}';
  const bytes = Buffer.from(body);
  const outgoing = request(`${base}/api/v1/identities/`, { method: 'POST', headers });
  for (const byte of bytes) outgoing.write(Buffer.from([byte]));
  const answer = await answerTo(outgoing);

  expect(JSON.parse(answer.text).identifier).toBe('größe');
});

test('a body that is too large by its own account is refused', async () => {
  const answer = await post('x'.repeat(1001));

  expect([answer.status, await answer.json()]).toEqual([413, { detail: 'Request body is larger than 1000 bytes.' }]);
});

test('a body that turns out too large is refused', async () => {
  const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
  const head = 'POST /api/v1/identities/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

  const text = await raw(head + chunk + chunk, /bytes\."\}/);

  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  expect(text).toContain('Connection: close');
});

test('an encoded body is refused', async () => {
  const answer = await post(gzipSync('{"identifier":"u"}'), { 'content-encoding': 'gzip' });

  expect([answer.status, await answer.json()]).toEqual([415, { detail: 'Unsupported content encoding "gzip".' }]);
});

test('a client that goes away in the middle of its body harms nobody', async () => {
  const head = 'POST /api/v1/identities/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"iden';
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(head, () => socket.destroy()));
    socket.on('close', () => resolve());
  });

  expect((await post('{"identifier":"u"}')).status).toBe(200);
});

test('a stream delivers its events as they happen', async () => {
  const answer = await fetch(`${base}/sse/environments/clientkey/stream`);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const next = async () => new TextDecoder().decode((await reader.read()).value);
  await next();

  const updated_at = '2026-01-02T03:04:06.000001+00:00';
  documents.publish(aPublished({ version: 2, document: aDocument({ updated_at }) }));

  expect(await next()).toBe(
    'id: 2-1767323046000001\nevent: environment_updated\ndata: {"updated_at": 1767323046.000001}\n\n',
  );
  await reader.cancel();
});

test('a stream over HTTP/1.0 is not framed', async () => {
  const text = await raw('GET /sse/environments/clientkey/stream HTTP/1.0\r\n\r\n', /\n\n$/);

  expect(text.split('\r\n\r\n')[1]).toMatch(/^(: keep-alive|id: .*\nevent: .*\ndata: .*)\n\n$/);
});

test('a stream that ends, ends properly', async () => {
  const own = testEdge([aPublished()]);
  const serve = serveEdge(own.edge);
  const streaming = createServer((incoming, response) => void serve(incoming, response));
  await new Promise<void>((resolve) => streaming.listen(0, '127.0.0.1', resolve));
  const { port: streamingPort } = streaming.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${streamingPort}/sse/environments/clientkey/stream`);

  own.edge.close();

  expect(await answer.text()).toContain('keep-alive');
  streaming.close();
});

async function answerTo(outgoing: ClientRequest): Promise<{ text: string }> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
  let text = '';
  for await (const chunk of incoming) text += chunk;
  return { text };
}
