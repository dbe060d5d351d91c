import type { ExternalResourceType } from '@halyard/contract';
import type { ZodType } from 'zod';
import type { Context } from '../context.ts';
import { RequestError } from '../errors.ts';
import { OutboundError, type OutboundRequest, type OutboundResponse } from '../outbound/client.ts';

/** An issue, or a pull or merge request, at the service that keeps it. */
export interface Item {
  /** `owner/name`; at GitLab there may be groups between them. */
  repository: string;
  number: number;
  kind: 'issue' | 'change';
}

export type ItemState = 'open' | 'closed' | 'merged' | 'draft' | 'dequeued';

/** A service that keeps issues and changes. */
export interface Tracker {
  /** What is known of an item there. @throws TrackerError */
  read(item: Item): Promise<{ title: string; state: ItemState }>;
  /** In Markdown. @throws TrackerError */
  comment(item: Item, body: string): Promise<void>;
  /** Marks an item as one that a feature is linked to; a repeat changes nothing. @throws TrackerError */
  label(item: Item): Promise<void>;
}

/** What is linked to features carries it. */
export const itemLabel = { name: 'Feature flag', color: '6633FF', description: 'A feature flag is linked to this' };

/** Why a service did not do what it was asked. */
export class TrackerError extends Error {
  /** Null where nobody answered. */
  readonly status: number | null;
  /** Whether asking again later may help. */
  readonly again: boolean;

  constructor(message: string, status: number | null, again: boolean) {
    super(message);
    this.status = status;
    this.again = again;
  }
}

/** Sends JSON and reads JSON, of which only `schema` counts. @throws TrackerError for everything that is not such an answer */
export async function askTracker<T>(
  ctx: Context,
  schema: ZodType<T>,
  request: Omit<OutboundRequest, 'body'> & { body?: unknown },
): Promise<{ body: T; headers: OutboundResponse['headers'] }> {
  const { body, headers, ...rest } = request;
  let response: OutboundResponse;
  try {
    response = await ctx.outbound.send({
      ...rest,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      maxResponseBytes: 4 * 1024 * 1024,
    });
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    throw new TrackerError(error.message, null, error.reason !== 'refused');
  }
  const { status } = response;
  if (status < 200 || status >= 300) {
    // Both services answer 403 and 429 to those who ask too often.
    const limited = status === 429 || (status === 403 && response.headers['retry-after'] !== undefined);
    throw new TrackerError(`The answer was HTTP ${status}.`, status, status >= 500 || limited);
  }
  const parsed = schema.safeParse(jsonOf(response.body));
  if (!parsed.success) throw new TrackerError('The answer was not understood.', status, false);
  return { body: parsed.data, headers: response.headers };
}

/** Answers a request with 502 where the service did not do what it should. */
export async function orBadGateway<T>(service: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error;
    throw new RequestError('bad_gateway', { error: `${service}: ${error.message}` });
  }
}

const paths: Record<ExternalResourceType, { pattern: RegExp; kind: Item['kind'] }> = {
  GITHUB_ISSUE: { pattern: /^([\w.-]+\/[\w.-]+)\/issues\/(\d{1,9})$/, kind: 'issue' },
  GITHUB_PR: { pattern: /^([\w.-]+\/[\w.-]+)\/pull\/(\d{1,9})$/, kind: 'change' },
  GITLAB_ISSUE: { pattern: /^([\w.-]+(?:\/[\w.-]+)+)\/-\/(?:issues|work_items)\/(\d{1,9})$/, kind: 'issue' },
  GITLAB_MR: { pattern: /^([\w.-]+(?:\/[\w.-]+)+)\/-\/merge_requests\/(\d{1,9})$/, kind: 'change' },
};

/** The item that an address of the service at `base` means; null where it is none of that type. */
export function itemAt(url: string, type: ExternalResourceType, base: string): Item | null {
  const start = `${base.replace(/\/+$/, '')}/`;
  if (!url.toLowerCase().startsWith(start.toLowerCase())) return null;
  const { pattern, kind } = paths[type];
  const match = pattern.exec(url.slice(start.length).replace(/\/$/, ''));
  const repository = match?.[1];
  if (repository === undefined || repository.split('/').some((part) => /^\.+$/.test(part))) return null;
  return { repository, number: Number(match?.[2]), kind };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // No schema takes it.
  }
}
