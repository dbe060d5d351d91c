import type { PublishedEnvironment } from '@halyard/contract';
import { createEdge, type Edge, type EdgeOptions } from '../edge.ts';
import type { EventSink } from '../responses.ts';
import {
  type MemoryDocuments,
  type MemoryIdentities,
  type MemoryUsage,
  memoryDocuments,
  memoryIdentities,
  memoryUsage,
} from './memory.ts';

/** What a client sees of an answer. */
export interface Seen {
  status: number;
  header(name: string): string | null;
  text: string;
  /** Of any shape: tests read what the wire says. */
  json: any;
}

export interface TestEdge {
  edge: Edge;
  documents: MemoryDocuments;
  identities: MemoryIdentities;
  usage: MemoryUsage;
  /** Messages logged as warnings or errors. */
  logged: string[];
  send(method: string, path: string, options?: SendOptions): Promise<Seen>;
  get(path: string, options?: SendOptions): Promise<Seen>;
  post(path: string, body: unknown, options?: SendOptions): Promise<Seen>;
  /** Opens a stream; `events` grows as they come. */
  stream(path: string, options?: SendOptions): Promise<OpenStream>;
}

export interface SendOptions {
  /** `X-Environment-Key`; `clientkey` where it is missing, none where it is null. */
  key?: string | null;
  headers?: Record<string, string>;
  /** Text is sent as it is, anything else as JSON. */
  body?: unknown;
}

export interface OpenStream {
  header(name: string): string | null;
  events: string[];
  closed: boolean;
  waitingBytes: number;
  close(): void;
}

/** An Edge on stores in memory, and a client for it. */
export function testEdge(
  published: PublishedEnvironment[],
  options: Partial<Omit<EdgeOptions, 'documents' | 'identities' | 'usage'>> = {},
): TestEdge {
  const documents = memoryDocuments(...published);
  const identities = memoryIdentities();
  const usage = memoryUsage();
  const logged: string[] = [];
  const log = {
    warn: (_: object, message: string) => void logged.push(message),
    error: (_: object, message: string) => void logged.push(message),
  };
  const edge = createEdge({ documents, identities, usage, version: '1.2.3', log, ...options });

  const request = (method: string, target: string, { key = 'clientkey', headers = {}, body }: SendOptions) => {
    const [path, query = ''] = target.split('?') as [string, string?];
    const all = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    if (key !== null) all.set('x-environment-key', key);
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    return { method, path, query, header: (name: string) => all.get(name), body: Buffer.from(text) };
  };
  const headerOf = (headers: readonly string[]) => (name: string) => {
    const index = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name.toLowerCase());
    return index === -1 ? null : (headers[index + 1] as string);
  };

  const send: TestEdge['send'] = async (method, path, sendOptions = {}) => {
    const answer = await edge.handle(request(method, path, sendOptions));
    if ('open' in answer) throw new Error('a stream came where an answer was expected');
    const text = Buffer.from(answer.body).toString('utf8');
    const isJson = headerOf(answer.headers)('content-type') === 'application/json' && text !== '';
    return {
      status: answer.status,
      header: headerOf(answer.headers),
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  };
  return {
    edge,
    documents,
    identities,
    usage,
    logged,
    send,
    get: (path, sendOptions) => send('GET', path, sendOptions),
    post: (path, body, sendOptions) => send('POST', path, { ...sendOptions, body }),
    async stream(path, sendOptions = {}) {
      const answer = await edge.handle(request('GET', path, { key: null, ...sendOptions }));
      if (!('open' in answer)) throw new Error(`an answer came where a stream was expected: ${answer.status}`);
      const stream: OpenStream = {
        header: headerOf(answer.headers),
        events: [],
        closed: false,
        waitingBytes: 0,
        close: () => close(),
      };
      const sink: EventSink = {
        write: (bytes) => void stream.events.push(Buffer.from(bytes).toString('utf8')),
        get waitingBytes() {
          return stream.waitingBytes;
        },
        close() {
          stream.closed = true;
          close();
        },
      };
      const close = answer.open(sink);
      return stream;
    },
  };
}
