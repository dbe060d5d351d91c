import type { Opened } from '../environments.ts';
import type { Log } from '../log.ts';
import type { EdgeRequest } from '../request.ts';
import { applicationOf, sdkLabel } from '../sdk-label.ts';
import type { RequestCount, RequestKind, UsageStore } from './store.ts';

/** Counts answered requests in memory and writes them a few seconds later: no request waits for its count. */
export interface RequestCounter {
  /** Adds one request. Never throws. */
  count(opened: Opened, kind: RequestKind, request: EdgeRequest): void;
  /** Writes what is counted so far. Never rejects: what an unavailable store cannot take is kept for the next time. */
  flush(): Promise<void>;
}

/** Beyond this many different labels at once, further ones are counted without a label. */
const maxBuckets = 10_000;
const flushAfterMs = 5000;

export function createRequestCounter({ usage, log }: { usage: UsageStore; log: Log }): RequestCounter {
  let buckets = new Map<string, RequestCount>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let flushing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    flushing = flushing.then(write);
    return flushing;
  }

  async function write(): Promise<void> {
    if (buckets.size === 0) return;
    const counts = buckets;
    buckets = new Map();
    try {
      const left = await usage.addRequests([...counts.values()]);
      if (left.length === 0) return;
      for (const count of left) add(keyOf(count), count, count.count);
      wake();
    } catch (error) {
      log.warn({ err: error }, 'requests could not be counted');
    }
  }

  function add(key: string, labels: RequestCount, by: number): void {
    const known = buckets.get(key);
    if (known !== undefined) known.count += by;
    else if (buckets.size < maxBuckets) buckets.set(key, { ...labels, count: by });
    else addUnlabelled(labels, by);
  }

  function addUnlabelled({ environmentId, kind }: RequestCount, by: number): void {
    const key = `${environmentId} ${kind}`;
    const known = buckets.get(key);
    if (known === undefined) buckets.set(key, { environmentId, kind, count: by, ...noLabels });
    else known.count += by;
  }

  function wake(): void {
    if (timer !== null) return;
    timer = setTimeout(() => void flush(), flushAfterMs);
    // A process that has nothing else to do need not wait for this.
    (timer as { unref?: () => void }).unref?.();
  }

  return {
    count({ environment }, kind, request) {
      const agent = request.header('flagsmith-sdk-user-agent') ?? request.header('user-agent') ?? '';
      const application = request.header('flagsmith-application-name') ?? '';
      const version = request.header('flagsmith-application-version') ?? '';
      const key = `${environment.id} ${kind}\n${agent}\n${application}\n${version}`;
      const known = buckets.get(key);
      if (known !== undefined) known.count += 1;
      else {
        const { name, version: applicationVersion } = applicationOf(request);
        const labels = { sdkUserAgent: sdkLabel(request), applicationName: name, applicationVersion };
        add(key, { environmentId: environment.id, kind, count: 1, ...labels }, 1);
        wake();
      }
    },
    flush,
  };
}

/** For counts that come back; what requests say is shortened in them, so that theirs are other keys. */
function keyOf({ environmentId, kind, sdkUserAgent, applicationName, applicationVersion }: RequestCount): string {
  return JSON.stringify([environmentId, kind, sdkUserAgent, applicationName, applicationVersion]);
}

const noLabels = { sdkUserAgent: null, applicationName: null, applicationVersion: null };
