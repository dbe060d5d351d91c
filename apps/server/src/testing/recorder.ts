import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach } from 'vitest';

export interface Received {
  method: string;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A server of somebody else's: it keeps what it is sent. */
export interface Recorder {
  /** Where it listens, without a slash at the end. */
  base: string;
  /** What came since the test began, in order. */
  received: Received[];
  /** Decides what it answers: 200 and `{"ok":true}` at the beginning of each test. */
  answer: (request: Received) => { status?: number; body?: unknown };
}

/** Starts a recorder for the tests of a file. */
export async function startRecorder(): Promise<Recorder> {
  const recorder: Recorder = { base: '', received: [], answer: () => ({}) };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const received = { method, path, headers, text };
      recorder.received.push(received);
      const { status = 200, body = { ok: true } } = recorder.answer(received);
      response.writeHead(status).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  recorder.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  beforeEach(() => {
    recorder.received.length = 0;
    recorder.answer = () => ({});
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return recorder;
}
