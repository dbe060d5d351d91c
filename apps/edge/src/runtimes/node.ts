import { type IncomingMessage, STATUS_CODES, type ServerResponse } from 'node:http';
import type { Edge } from '../edge.ts';
import type { EdgeRequest } from '../request.ts';
import { type Answer, type EdgeResponse, type EventSink, type EventStream, nothing } from '../responses.ts';

export interface ServeOptions {
  bodyLimitBytes?: number;
}

/**
 * Serves an Edge behind `node:http`. The returned function takes a request whose path is the Edge's, and answers false
 * for any other, which it leaves untouched.
 */
export function serveEdge(
  edge: Edge,
  { bodyLimitBytes = 2_621_440 }: ServeOptions = {},
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    if (!edge.owns(path)) return false;
    const query = mark === -1 ? '' : url.slice(mark + 1);
    const answer = (body: Uint8Array) => handle(edge, requestOf(request, path, query, body), response);
    if (!hasBody(request)) answer(nothing);
    else readBody({ edge, request, response, bodyLimitBytes, whole: answer });
    return true;
  };
}

function handle(edge: Edge, request: EdgeRequest, response: ServerResponse): void {
  const answered = edge.handle(request);
  if (answered instanceof Promise)
    answered.then((done) => send(response, done)).catch((error) => response.destroy(error));
  else send(response, answered);
}

function requestOf(request: IncomingMessage, path: string, query: string, body: Uint8Array): EdgeRequest {
  const { headers } = request;
  return {
    method: request.method ?? 'GET',
    path,
    query,
    body,
    header(name) {
      const value = headers[name];
      return typeof value === 'string' ? value : value?.join(', ');
    },
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function readBody(options: {
  edge: Edge;
  request: IncomingMessage;
  response: ServerResponse;
  bodyLimitBytes: number;
  whole: (body: Uint8Array) => void;
}): void {
  const { edge, request, response, bodyLimitBytes } = options;
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return refuse(415, `Unsupported content encoding "${encoding.slice(0, 100)}".`);
  const tooLarge = `Request body is larger than ${bodyLimitBytes} bytes.`;
  if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) return refuse(413, tooLarge);

  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', take);
  request.on('end', finish);
  // A client that goes away before its request is whole gets no answer; the socket is closed already.
  request.on('error', ignore);

  function take(chunk: Buffer): void {
    chunks.push(chunk);
    length += chunk.length;
    if (length <= bodyLimitBytes) return;
    request.off('data', take);
    request.off('end', finish);
    refuse(413, tooLarge);
  }

  function finish(): void {
    options.whole(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
  }

  /** The rest of the body is not worth reading: the connection ends with the answer. */
  function refuse(status: number, detail: string): void {
    request.on('error', ignore);
    request.resume();
    response.shouldKeepAlive = false;
    sendAnswer(response, edge.refuse(status, detail));
  }
}

function ignore(): void {}

function send(response: ServerResponse, answer: EdgeResponse): void {
  if (response.destroyed) return;
  if ('open' in answer) sendStream(response, answer);
  else sendAnswer(response, answer);
}

/**
 * Node checks and joins every header of every response, which costs as much as the rest of a request. Where nothing is
 * unusual about the connection, the head is given to it as one text instead, made once per set of headers.
 */
function sendAnswer(response: ServerResponse, { status, headers, body, release }: Answer): void {
  const head = response as unknown as { _header: string | null | undefined; _keepAliveTimeout: number };
  const isPlain = response.shouldKeepAlive && response.req.httpVersionMinor === 1 && response.req.method !== 'HEAD';
  if (isPlain && head._header === null) {
    response.statusCode = status;
    const length = status === 204 || status === 304 ? '' : `Content-Length: ${body.length}\r\n`;
    const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(head._keepAliveTimeout / 1000)}\r\n`;
    head._header = `${headOf(status, headers)}${length}Date: ${httpDate()}\r\n${keepAlive}\r\n`;
  } else {
    response.writeHead(status, [...headers, 'Content-Length', String(body.length)]);
  }
  if (release !== undefined) response.on('finish', release);
  if (body.length === 0) response.end();
  else response.end(body);
}

const heads = new WeakMap<readonly string[], Map<number, string>>();

function headOf(status: number, headers: readonly string[]): string {
  let byStatus = heads.get(headers);
  if (byStatus === undefined) heads.set(headers, (byStatus = new Map()));
  let head = byStatus.get(status);
  if (head === undefined) {
    head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
    for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
    byStatus.set(status, head);
  }
  return head;
}

let dateText = '';
let dateEndsMs = 0;

function httpDate(): string {
  const nowMs = Date.now();
  if (nowMs >= dateEndsMs) {
    dateText = new Date(nowMs).toUTCString();
    dateEndsMs = nowMs - (nowMs % 1000) + 1000;
  }
  return dateText;
}

/** Events are framed once for all streams and written past the response, which would frame them again for each. */
function sendStream(response: ServerResponse, stream: EventStream): void {
  response.writeHead(stream.status, stream.headers as string[]);
  response.flushHeaders();
  const { socket } = response;
  const isRaw = socket !== null && response.chunkedEncoding;
  const sink: EventSink = {
    write(bytes) {
      if (isRaw) socket.write(framed(bytes));
      else response.write(bytes);
    },
    get waitingBytes() {
      return socket === null ? response.writableLength : socket.writableLength;
    },
    // A client that does not read would never see a polite end.
    close: () => (sink.waitingBytes > 0 ? response.destroy() : response.end()),
  };
  const close = stream.open(sink);
  response.on('close', close);
  response.on('error', ignore);
}

const frames = new WeakMap<Uint8Array, Buffer>();

function framed(bytes: Uint8Array): Buffer {
  let frame = frames.get(bytes);
  if (frame === undefined) {
    frame = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    frames.set(bytes, frame);
  }
  return frame;
}
