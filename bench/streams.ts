// Clients that follow an environment: streams that stay open, and now and then a change. Started by bench.ts.

import { connect, type Socket } from 'node:net';
import { clientKey } from './workload.ts';

export type StreamOrder =
  | { kind: 'open'; port: number; streams: number }
  | { kind: 'change'; port: number; authorization: string; statePath: string; value: string; refetching: number }
  | { kind: 'close' };

export interface ChangeReport {
  /** Milliseconds from sending the change until each stream had its event. */
  eventMs: number[];
  /** The same until the clients that fetch again had the new value. */
  valueMs: number[];
  /** Until the change was answered, which is after its commit. */
  answeredMs: number;
}

interface Stream {
  socket: Socket;
  event: (() => void) | null;
}

const streams: Stream[] = [];

async function open(port: number, count: number): Promise<void> {
  const request = `GET /sse/environments/${clientKey}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`;
  for (let i = 0; i < count; i += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - i) }, () => openOne(port, request)));
  }
}

function openOne(port: number, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const stream: Stream = { socket, event: null };
    let text = '';
    socket.on('data', (chunk) => {
      if (text !== 'open') {
        text += chunk.toString('latin1');
        if (!/\r\n\r\n[^]*\n\n/.test(text)) return;
        text = 'open';
        streams.push(stream);
        resolve();
      } else if (stream.event !== null && chunk.includes('environment_updated')) stream.event();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`a stream was closed: ${text}`)));
    socket.write(request);
  });
}

async function change(order: StreamOrder & { kind: 'change' }): Promise<ChangeReport> {
  const { port, authorization, statePath, value, refetching } = order;
  const origin = `http://127.0.0.1:${port}`;
  // Connections that wait for the event, as SDKs' keep-alive connections do.
  const asking = await Promise.all(Array.from({ length: refetching }, () => asker(port)));
  const eventMs: number[] = [];
  const valueMs: number[] = [];
  let startedAt = 0;
  const sinceMs = () => performance.now() - startedAt;
  const every = Math.floor(streams.length / refetching);
  const all = streams.map(async (stream, i) => {
    await eventOf(stream);
    eventMs.push(sinceMs());
    const ask = i % every === 0 ? asking[i / every] : undefined;
    if (ask === undefined) return;
    if (!(await ask()).includes(value)) throw new Error('a client asked after the event and got the old value');
    valueMs.push(sinceMs());
  });
  startedAt = performance.now();
  const response = await fetch(`${origin}${statePath}`, {
    method: 'PUT',
    headers: { Authorization: authorization, 'Content-Type': 'application/json' },
    body: JSON.stringify({ feature_state_value: value, enabled: true }),
  });
  const answeredMs = sinceMs();
  if (!response.ok) throw new Error(`the change was refused: ${response.status} ${await response.text()}`);
  await response.text();
  await Promise.all(all);
  return { eventMs, valueMs, answeredMs };
}

function eventOf(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('an event did not come within 20 seconds')), 20_000);
    stream.event = () => {
      stream.event = null;
      clearTimeout(late);
      resolve();
    };
  });
}

/** An open connection, and a way to ask for the flags on it once. */
function asker(port: number): Promise<() => Promise<string>> {
  const request = `GET /api/v1/flags/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Environment-Key: ${clientKey}\r\nConnection: close\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () =>
      resolve(
        () =>
          new Promise((answered) => {
            let text = '';
            socket.on('data', (chunk) => (text += chunk.toString('latin1')));
            socket.once('end', () => answered(text));
            socket.write(request);
          }),
      ),
    );
  });
}

async function obey(order: StreamOrder): Promise<unknown> {
  if (order.kind === 'open') return open(order.port, order.streams);
  if (order.kind === 'change') return change(order);
  for (const { socket } of streams.splice(0)) socket.destroy();
  return null;
}

process.on('message', (order: StreamOrder) => {
  obey(order).then(
    (report) => process.send?.({ report: report ?? null }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.send?.('ready');
