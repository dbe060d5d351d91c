import { LRUCache } from 'lru-cache';
import type { Opened } from '../environments.ts';
import type { EdgeRequest } from '../request.ts';

/** Values by the requests that they answer: key, method, query and body, byte by byte. */
export interface RequestMemory<Value> {
  /** The place of a request in this memory; null for one that is too large for it. */
  placeOf(opened: Opened, request: EdgeRequest): number | null;
  get(place: number, opened: Opened, request: EdgeRequest): Value | undefined;
  /**
   * Keeps a value where the same request came before, and not too long ago for the value to be here still. What nobody asks
   * for again would cost its memory for nothing.
   */
  offer(place: number, opened: Opened, request: EdgeRequest, make: () => { value: Value; bytes: number }): Value | null;
}

interface Entry<Value> {
  opened: Opened;
  method: string;
  query: string;
  body: Uint8Array;
  value: Value;
  bytes: number;
}

const maxRequestBytes = 4096;
const usualValueBytes = 32 * 1024;

export function createRequestMemory<Value>(options: { bytes: number }): RequestMemory<Value> {
  const entries = new LRUCache<number, Entry<Value>>({
    maxSize: Math.max(1, options.bytes),
    sizeCalculation: ({ body, query, bytes }) => bytes + body.length + 2 * query.length + 400,
  });
  const cameLately = createRecent(options.bytes / usualValueBytes);

  return {
    placeOf({ environment, kind }, { method, query, body }) {
      if (body.length + query.length > maxRequestBytes) return null;
      let hash = (environment.id * 2 + (kind === 'client' ? 1 : 0)) ^ (method.length << 24);
      for (let i = 0; i < query.length; i++) hash = Math.imul(hash ^ query.charCodeAt(i), 0x01000193);
      for (let i = 0; i < body.length; i++) hash = Math.imul(hash ^ (body[i] as number), 0x01000193);
      return (hash ^ (hash >>> 15)) & 0x3fffffff; // V8 keeps such a number without memory of its own
    },
    get(place, opened, request) {
      const entry = entries.get(place);
      return entry !== undefined && isSame(entry, opened, request) ? entry.value : undefined;
    },
    offer(place, opened, request, make) {
      if (!cameLately(place)) return null;
      const { value, bytes } = make();
      const { method, query } = request;
      entries.set(place, { opened, method, query, body: new Uint8Array(request.body), value, bytes });
      return value;
    },
  };
}

function isSame<Value>(entry: Entry<Value>, opened: Opened, request: EdgeRequest): boolean {
  return (
    entry.opened.environment === opened.environment &&
    entry.opened.kind === opened.kind &&
    entry.method === request.method &&
    entry.query === request.query &&
    Buffer.compare(entry.body, request.body) === 0
  );
}

/** Whether a place came before, among the last so many that are new or a few more. */
function createRecent(count: number): (place: number) => boolean {
  let newer = new Set<number>();
  let older = new Set<number>();
  return (place) => {
    if (newer.has(place) || older.has(place)) return true;
    if (newer.size >= count) {
      older = newer;
      newer = new Set();
    }
    newer.add(place);
    return false;
  };
}
