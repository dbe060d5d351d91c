import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach } from 'vitest';

export interface TrackerRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: any;
}

type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };

/** A server that speaks as GitHub or GitLab do, as far as a test says what it answers. */
export interface TestTracker {
  url: string;
  requests: TrackerRequest[];
  /** By method and path without its query; what is not there is answered 404. Empty again before each test. */
  answers: Record<string, Answer | ((request: TrackerRequest) => Answer)>;
  /** The texts of the comments that were posted to an item. */
  commentsAt: (path: string) => string[];
}

/** Gives the tests of a file such a server. Called before `testContext`, its address can be a setting. */
export function testTracker(usual: TestTracker['answers'] = {}): TestTracker {
  const tracker: TestTracker = {
    url: '',
    requests: [],
    answers: {},
    commentsAt: (path) =>
      tracker.requests.filter((one) => one.method === 'POST' && one.path === path).map((one) => one.body.body),
  };
  let server: Server;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      request.on('end', () => {
        const path = request.url ?? '';
        const body = text === '' ? null : JSON.parse(text);
        const taken = { method: request.method ?? '', path, headers: request.headers, body };
        tracker.requests.push(taken);
        const found = { ...usual, ...tracker.answers }[`${taken.method} ${path.split('?')[0]}`] ?? { status: 404 };
        const answer = typeof found === 'function' ? found(taken) : found;
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
        response.end(JSON.stringify(answer.body ?? {}));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    tracker.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    tracker.requests = [];
    tracker.answers = {};
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  return tracker;
}

/** Settings of a GitHub App, and the key that its tokens are checked with. */
export function testGithubApp() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    publicKey,
    settings: {
      GITHUB_APP_ID: '4711',
      GITHUB_PEM: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      GITHUB_WEBHOOK_SECRET: 'what only GitHub and we know',
    },
  };
}
