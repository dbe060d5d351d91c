import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { Agent, buildConnector, request } from 'undici';
import { type AddressRange, isAddress, isAllowedAddress } from './addresses.ts';

/** What is sent, to an `http:` or `https:` URL; a name and password in the URL go as basic authentication. */
export interface OutboundRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Ends the request early. */
  signal?: AbortSignal;
  /** Where an answer may be larger than usual. */
  maxResponseBytes?: number;
}

export interface OutboundResponse {
  /** Redirects (3xx) are answers like any other: nobody follows them. */
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** At most the first 64 kB, unless the request says otherwise. */
  body: string;
}

/** The only way out of this process to addresses that customers name. */
export interface Outbound {
  /** @throws OutboundError where the address is refused, or nobody answers in time */
  send(request: OutboundRequest): Promise<OutboundResponse>;
  /** Whether a URL leads, as far as its name can be resolved now, to no refused address. `send` checks again. */
  mayReach(url: string): Promise<boolean>;
}

/** Why there is no answer. */
export class OutboundError extends Error {
  /** `refused`: we do not connect there, now or later. */
  readonly reason: 'refused' | 'unreachable' | 'timed out';

  constructor(reason: OutboundError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export interface OutboundOptions {
  allowedRanges: readonly AddressRange[];
  timeoutMs?: number;
  maxResponseBytes?: number;
  /** All addresses of a name. */
  lookup?: (hostname: string) => Promise<{ address: string; family: number }[]>;
}

/**
 * A client for addresses that customers name, behind whom the network that we stand in must stay hidden. A name is
 * resolved once for a connection; all its addresses are checked, and the connection goes to one of these and to nothing
 * that the name may mean a moment later.
 */
export function createOutbound(options: OutboundOptions): Outbound & { close: () => Promise<void> } {
  const { allowedRanges, timeoutMs = 10_000, maxResponseBytes = 65_536 } = options;
  const resolve = options.lookup ?? ((hostname) => systemLookup(hostname, { all: true }));
  const isAllowed = (address: string) => isAllowedAddress(address, allowedRanges);

  async function resolveAllowed(hostname: string): Promise<{ address: string; family: number }[]> {
    const addresses = await resolve(hostname);
    if (!addresses.every(({ address }) => isAllowed(address))) throw refusal();
    if (addresses.length === 0) throw new OutboundError('unreachable', `The name ${hostname} has no address.`);
    return addresses;
  }

  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    lookup: callbackify(resolveAllowed) as unknown as LookupFunction,
    autoSelectFamily: true, // Makes net ask for all addresses, which is what the lookup answers.
  });
  const agent = new Agent({
    connect: (target, done) => {
      connect(target, (error, socket) => {
        if (error) return done(error, null);
        // A second look, at who is really at the other end.
        if (isAllowed(socket.remoteAddress ?? '')) return done(null, socket);
        socket.destroy();
        return done(refusal(), null);
      });
    },
    keepAliveTimeout: 1000,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  async function read(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    for await (const part of body) {
      parts.push(part);
      sizeBytes += part.length;
      if (sizeBytes >= maxBytes) break;
    }
    return Buffer.concat(parts).subarray(0, maxBytes).toString('utf8');
  }

  return {
    async send({ method, url, headers = {}, body, signal, maxResponseBytes: maxBytes = maxResponseBytes }) {
      const target = parseUrl(url);
      // Addresses are not looked up, so that nothing else would check them before the connection.
      if (isAddress(target.hostname) && !isAllowed(target.hostname)) throw refusal();
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const response = await request(withoutCredentials(target), {
          method,
          headers: { 'user-agent': 'Halyard', ...credentialsOf(target), ...headers },
          body: body ?? null,
          dispatcher: agent,
          signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        });
        return { status: response.statusCode, headers: response.headers, body: await read(response.body, maxBytes) };
      } catch (error) {
        if (error instanceof OutboundError) throw error;
        if (timeout.aborted || isTimeout(error)) {
          throw new OutboundError('timed out', `No answer within ${timeoutMs / 1000} seconds.`, { cause: error });
        }
        throw new OutboundError('unreachable', messageOf(error), { cause: error });
      }
    },

    async mayReach(url) {
      const { hostname } = parseUrl(url);
      if (isAddress(hostname)) return isAllowed(hostname);
      try {
        await resolveAllowed(hostname);
        return true;
      } catch (error) {
        return !(error instanceof OutboundError && error.reason === 'refused');
      }
    },

    close: () => agent.destroy(),
  };
}

function parseUrl(url: string): URL {
  const target = URL.parse(url);
  if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:')) {
    throw new OutboundError('refused', 'Only http: and https: URLs can be called.');
  }
  return target;
}

function withoutCredentials(target: URL): URL {
  const plain = new URL(target);
  plain.username = '';
  plain.password = '';
  return plain;
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

function refusal(): OutboundError {
  return new OutboundError('refused', 'The address is in an internal or private network.');
}

function isTimeout(error: unknown): boolean {
  return /^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(codeOf(error));
}

/** Says what went wrong without saying where the name led. */
function messageOf(error: unknown): string {
  const code = codeOf(error);
  const known = messages[code];
  if (known !== undefined) return known;
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER/.test(code)) return `The certificate was not accepted: ${code}.`;
  return `The connection failed${code === '' ? '' : `: ${code}`}.`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const messages: Record<string, string> = {
  ENOTFOUND: 'The name of the host could not be resolved.',
  EAI_AGAIN: 'The name of the host could not be resolved.',
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection was closed before there was an answer.',
  UND_ERR_SOCKET: 'The connection was closed before there was an answer.',
};
