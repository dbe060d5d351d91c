// A load generator: keep-alive connections straight on `node:net`, because one core must ask faster than the other answers.
// Started by bench.ts, which sends one order at a time and gets one report for each.

import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { clientKey, identityBody, person } from './workload.ts';

export interface LoadOrder {
  port: number;
  connections: number;
  durationMs: number;
  /** Goes on until that many were answered. */
  atLeast: number;
  ask: Ask;
}

/** What to ask; people come again after `people` requests. */
export type Ask =
  | { kind: 'get'; path: string; headers?: Record<string, string> }
  | { kind: 'identities'; people: number; changing?: boolean; query?: string }
  | { kind: 'unleash'; people: number; token: string };

export interface LoadReport {
  answered: number;
  perSecond: number;
  /** Answers that were not 200, with the first of them. */
  failed: number;
  failure: string | null;
  /** How busy the load generator itself was; near 1 it measures itself. */
  utilisation: number;
}

const buffers = new Map<string, Buffer[]>();

/** The requests of an order, made once. */
function requestsOf(ask: Ask): (n: number) => Buffer {
  if (ask.kind === 'get') {
    const request = raw('GET', ask.path, '', ask.headers);
    return () => request;
  }
  if (ask.kind === 'identities' && ask.changing === true) {
    return (n) => {
      const { identifier, traits } = person(n % ask.people);
      const body = identityBody({ identifier, traits: { ...traits, logins: nextNumber() } });
      return raw('POST', `/api/v1/identities/${ask.query ?? ''}`, body);
    };
  }
  const key = JSON.stringify(ask);
  let list = buffers.get(key);
  if (list === undefined) {
    list = Array.from({ length: ask.people }, (_, n) => {
      if (ask.kind === 'identities') return raw('POST', '/api/v1/identities/', identityBody(person(n)));
      const { identifier, traits } = person(n);
      const properties = Object.fromEntries(Object.entries(traits).map(([name, value]) => [name, String(value)]));
      const body = JSON.stringify({ context: { userId: identifier, properties } });
      return raw('POST', '/api/frontend', body, { Authorization: ask.token });
    });
    buffers.set(key, list);
  }
  const requests = list;
  return (n) => requests[n % requests.length] as Buffer;
}

let lastNumber = 1_000_000;
function nextNumber(): number {
  return ++lastNumber;
}

/** Text of a part of a buffer. */
function latin1(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('latin1', start, end);
}

function raw(method: string, path: string, body: string, headers: Record<string, string> = {}): Buffer {
  const all: Record<string, string> = {
    Host: '127.0.0.1',
    'X-Environment-Key': clientKey,
    ...(body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

let asked = 0;

async function run({ port, connections, durationMs, atLeast, ask }: LoadOrder): Promise<LoadReport> {
  const request = requestsOf(ask);
  let answered = 0;
  let failed = 0;
  let failure: string | null = null;
  let running = true;
  const utilisationBefore = performance.eventLoopUtilization();
  const startedAt = performance.now();
  let stoppedAt = startedAt;
  const timer = setInterval(() => {
    if (performance.now() - startedAt < durationMs || answered < atLeast) return;
    running = false;
    stoppedAt = performance.now();
    clearInterval(timer);
  }, 5);

  const oneConnection = () =>
    new Promise<void>((resolve, reject) => {
      const reader = answerReader((status, head) => {
        if (running) {
          answered++;
          if (status !== 200) {
            failed++;
            failure ??= head;
          }
          socket.write(request(asked++));
        } else {
          socket.destroy();
          resolve();
        }
      });
      const socket: Socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafe(128 * 1024),
          callback: (length, buffer) => {
            reader(buffer as Buffer, length);
            return true;
          },
        },
      });
      socket.once('connect', () => socket.write(request(asked++)));
      socket.once('error', reject);
      socket.once('close', () => resolve());
    });

  await Promise.all(Array.from({ length: connections }, oneConnection));
  const { utilization } = performance.eventLoopUtilization(utilisationBefore);
  return {
    answered,
    perSecond: (answered / (stoppedAt - startedAt)) * 1000,
    failed,
    failure,
    utilisation: utilization,
  };
}

/** Counts bytes until an answer is whole; reads only the head of it. */
function answerReader(whole: (status: number, head: string) => void): (buffer: Buffer, length: number) => void {
  let missing = 0;
  let head = '';
  let chunked = false;
  const done = () => {
    const text = head;
    head = '';
    chunked = false;
    whole(Number(text.slice(9, 12)), text);
  };
  return (buffer, length) => {
    if (missing > 0) {
      missing -= length;
      if (missing <= 0) done();
      return;
    }
    if (chunked) {
      if (latin1(buffer, Math.max(0, length - 5), length) === '0\r\n\r\n') done();
      return;
    }
    head += latin1(buffer, 0, Math.min(length, 2048));
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    const match = /content-length: (\d+)/i.exec(head);
    if (match === null) {
      chunked = true;
      if (latin1(buffer, Math.max(0, length - 5), length) === '0\r\n\r\n') done();
      return;
    }
    missing = end + 4 + Number(match[1]) - length;
    if (missing <= 0) done();
  };
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (report) => process.send?.({ report }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.send?.('ready');
