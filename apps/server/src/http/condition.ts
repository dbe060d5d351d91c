import { createHash } from 'node:crypto';
import type { Context, Precondition } from '../context.ts';
import { RequestError } from '../errors.ts';
import type { Input, Route } from './route.ts';

/** What a conditional request demands, and the `ETag` of its answer. */
export interface Condition extends Precondition {
  /** The object as it was read last. @throws Error for a write whose condition nobody looked at: it must not go by */
  etag: () => string | null;
}

/** Null for endpoints that are not conditional. */
export function conditionOf(route: Route, input: Input, ifMatch: string | undefined): Condition | null {
  const { endpoint, current } = route;
  if (!endpoint.conditional || current === undefined) return null;
  const demanded = endpoint.method === 'GET' ? undefined : ifMatch;
  let decided = demanded === undefined;
  let etag: string | null = null;
  const read = (ctx: Context) => current(ctx, { params: input.params });
  return {
    async before(ctx) {
      if (demanded === undefined) return;
      const object = await read(ctx);
      const now = etagOf(object);
      if (!matches(demanded, now)) {
        throw new RequestError(
          'conflict',
          { detail: conflict, code: 'conflict', yours: demanded, current: object, current_etag: now },
          { ETag: now },
        );
      }
      decided = true;
    },
    async after(ctx) {
      if (endpoint.method === 'DELETE') return;
      try {
        etag = etagOf(await read(ctx));
      } catch (error) {
        // Somebody who may write and not read gets the answer of the write without an ETag.
        if (!(error instanceof RequestError)) throw error;
      }
    },
    etag() {
      if (!decided) throw new Error(`${endpoint.id} is conditional, and its service decided no condition`);
      return etag;
    },
  };
}

function etagOf(object: unknown): string {
  return etagOfText(JSON.stringify(object));
}

/** Two equal texts have the same. */
export function etagOfText(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** Whether an `If-Match` or `If-None-Match` names an ETag. */
export function matches(header: string, etag: string): boolean {
  const wanted = header.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return wanted.includes('*') || wanted.includes(etag);
}

const conflict = 'Somebody else has changed this meanwhile. Look at what it is now, and try again.';
