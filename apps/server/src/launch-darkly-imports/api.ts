import { z } from 'zod';
import { OutboundError, type Outbound } from '../outbound/client.ts';

/* What we read of LaunchDarkly's REST API, and how. Fields that we do not know pass. */

const contextKind = z.string().nullish();

const clause = z.object({
  attribute: z.string(),
  op: z.string(),
  values: z.array(z.unknown()),
  negate: z.boolean().default(false),
  contextKind,
});
export type LdClause = z.output<typeof clause>;

const rollout = z.object({
  /** In thousandths of a percent. */
  variations: z.array(z.object({ variation: z.number().int(), weight: z.number() })),
  bucketBy: z.string().nullish(),
  contextKind,
});
const served = z.object({ variation: z.number().int().nullish(), rollout: rollout.nullish() });
export type LdServed = z.output<typeof served>;

const target = z.object({ values: z.array(z.string()), variation: z.number().int(), contextKind });

const config = z.object({
  on: z.boolean(),
  targets: z.array(target).default([]),
  contextTargets: z.array(target).default([]),
  rules: z
    .array(served.extend({ clauses: z.array(clause).default([]), description: z.string().nullish() }))
    .default([]),
  fallthrough: served.optional(),
  offVariation: z.number().int().nullish(),
  prerequisites: z.array(z.object({ key: z.string() })).default([]),
});
export type LdConfig = z.output<typeof config>;

const flag = z.object({
  key: z.string().min(1),
  name: z.string().nullish(),
  description: z.string().nullish(),
  kind: z.enum(['boolean', 'multivariate']),
  variations: z
    .array(z.object({ value: z.unknown(), name: z.string().nullish(), description: z.string().nullish() }))
    .min(1),
  defaults: z.object({ onVariation: z.number().int(), offVariation: z.number().int() }).nullish(),
  tags: z.array(z.string()).default([]),
  archived: z.boolean().default(false),
  deprecated: z.boolean().nullish(),
  clientSideAvailability: z.object({ usingMobileKey: z.boolean(), usingEnvironmentId: z.boolean() }).nullish(),
  _maintainer: z.object({ email: z.string() }).nullish(),
  environments: z.record(z.string(), config).default({}),
});
export type LdFlag = z.output<typeof flag>;

const contextList = z.array(z.object({ values: z.array(z.string()), contextKind })).default([]);
const segment = z.object({
  key: z.string().min(1),
  name: z.string(),
  description: z.string().nullish(),
  tags: z.array(z.string()).default([]),
  included: z.array(z.string()).default([]),
  excluded: z.array(z.string()).default([]),
  includedContexts: contextList,
  excludedContexts: contextList,
  rules: z
    .array(
      z.object({
        clauses: z.array(clause).default([]),
        /** In thousandths of a percent. */
        weight: z.number().nullish(),
        bucketBy: z.string().nullish(),
        rolloutContextKind: contextKind,
      }),
    )
    .default([]),
  unbounded: z.boolean().nullish(),
});
export type LdSegment = z.output<typeof segment>;

const environment = z.object({ key: z.string().min(1), name: z.string().min(1) });
export type LdEnvironment = z.output<typeof environment>;

/** A project as LaunchDarkly has it, and what could not be read of it. */
export interface LdProject {
  environments: LdEnvironment[];
  /** Each with its configuration in every environment. */
  flags: LdFlag[];
  /** By environment. */
  segments: Map<string, LdSegment[]>;
  problems: string[];
}

/** Why nothing can be imported, in words for whoever asked. */
export class ImportFailure extends Error {}

export interface LdAccess {
  outbound: Outbound;
  /** Without a slash at the end. */
  url: string;
  token: string;
  projectKey: string;
  signal: AbortSignal;
  /** Waits; in tests it only notes. */
  wait?: (ms: number) => Promise<void>;
}

/** Reads all of a project. @throws ImportFailure where that cannot be done */
export async function readLaunchDarkly(access: LdAccess): Promise<LdProject> {
  const key = encodeURIComponent(access.projectKey);
  const problems: string[] = [];
  const read = async <T extends z.ZodType>(item: T, what: string, path: string, query: Record<string, string> = {}) => {
    const found: z.output<T>[] = [];
    for (const one of await readPages(access, path, query)) {
      const parsed = item.safeParse(one);
      if (parsed.success) found.push(parsed.data);
      else
        problems.push(
          `${what} ${nameOf(one)} was left out: ${pathOf(parsed.error)} is not as LaunchDarkly describes it.`,
        );
    }
    return found;
  };

  const environments = await read(environment, 'Environment', `projects/${key}/environments`);
  const flags = new Map<string, LdFlag>();
  const segments = new Map<string, LdSegment[]>();
  for (const { key: environmentKey } of environments) {
    // One environment at a time: what a list says of several is limited.
    for (const filter of [{}, { filter: 'state:archived' }] as Record<string, string>[]) {
      const query = { env: environmentKey, summary: '0', ...filter };
      for (const one of await read(flag, 'Flag', `flags/${key}`, query)) {
        const known = flags.get(one.key);
        if (known === undefined) flags.set(one.key, one);
        else known.environments = { ...known.environments, ...one.environments };
      }
    }
    segments.set(
      environmentKey,
      await read(segment, 'Segment', `segments/${key}/${encodeURIComponent(environmentKey)}`),
    );
  }
  return { environments, flags: [...flags.values()], segments, problems: [...new Set(problems)] };
}

const pageOf = z.object({ items: z.array(z.unknown()), totalCount: z.number().optional() });

async function readPages(access: LdAccess, path: string, query: Record<string, string>): Promise<unknown[]> {
  const items: unknown[] = [];
  for (;;) {
    const window = { limit: String(pageSize), offset: String(items.length) };
    const page = pageOf.safeParse(await ask(access, `${path}?${new URLSearchParams({ ...query, ...window })}`));
    if (!page.success) throw new ImportFailure(`LaunchDarkly answered ${path} with something that is no list.`);
    items.push(...page.data.items);
    if (page.data.items.length === 0 || items.length >= (page.data.totalCount ?? 0)) {
      // Without a count, a page that is not full is the last.
      if (page.data.totalCount !== undefined || page.data.items.length < pageSize) return items;
    }
    if (items.length > mostItems) {
      throw new ImportFailure(
        `LaunchDarkly lists more than ${mostItems} items at ${path}; that is more than one import takes.`,
      );
    }
  }
}

/** Asks again where LaunchDarkly is busy or out of reach. @throws ImportFailure */
async function ask(access: LdAccess, path: string): Promise<unknown> {
  const { outbound, signal, wait = waitFor(signal) } = access;
  for (let attempt = 1; ; attempt++) {
    let problem: string;
    let retryMs = Math.min(1000 * 2 ** attempt, longestWaitMs);
    try {
      const response = await outbound.send({
        method: 'GET',
        url: `${access.url}/api/v2/${path}`,
        headers: { authorization: access.token, accept: 'application/json', 'ld-api-version': apiVersion },
        maxResponseBytes: largestPageBytes,
        signal,
      });
      if (response.status === 200) return parse(response.body, path);
      if (response.status === 401 || response.status === 403) {
        throw new ImportFailure('LaunchDarkly does not take the token, or the token may not read the project.');
      }
      if (response.status === 404) {
        throw new ImportFailure(`LaunchDarkly knows no project "${access.projectKey}", or the token may not read it.`);
      }
      if (response.status !== 429 && response.status < 500) {
        throw new ImportFailure(`LaunchDarkly answered ${path} with ${response.status}.`);
      }
      problem = `LaunchDarkly answered ${response.status}`;
      if (response.status === 429) retryMs = askedToWait(response.headers) ?? retryMs;
    } catch (error) {
      if (!(error instanceof OutboundError) || signal.aborted) throw error;
      if (error.reason === 'refused') throw new ImportFailure(`LaunchDarkly cannot be asked: ${error.message}`);
      problem = error.message;
    }
    if (attempt === mostAttempts) throw new ImportFailure(`Asked ${attempt} times, without an answer: ${problem}`);
    await wait(retryMs);
  }
}

function parse(body: string, path: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const isCut = Buffer.byteLength(body) >= largestPageBytes - 4;
    throw new ImportFailure(`LaunchDarkly's answer to ${path} ${isCut ? 'is too large' : 'is not JSON'}.`);
  }
}

/** What `Retry-After` says in seconds or as a date, or LaunchDarkly's own header; null where it says nothing. */
function askedToWait(headers: Record<string, string | string[] | undefined>): number | null {
  const text = (name: string) => [headers[name]].flat()[0] ?? '';
  const after = text('retry-after');
  const ms = /^\d+(\.\d+)?$/.test(after)
    ? Number(after) * 1000
    : after !== ''
      ? Date.parse(after) - Date.now()
      : text('x-ratelimit-reset') !== ''
        ? Number(text('x-ratelimit-reset')) - Date.now()
        : Number.NaN;
  return Number.isNaN(ms) ? null : Math.max(0, Math.min(ms, longestWaitMs));
}

function waitFor(signal: AbortSignal) {
  return (ms: number) =>
    new Promise<void>((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(new Error('the process stops'));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal.addEventListener('abort', stop, { once: true });
    });
}

function nameOf(item: unknown): string {
  const key = (item as { key?: unknown } | null)?.key;
  return typeof key === 'string' ? `"${key}"` : 'without a key';
}

function pathOf(error: z.ZodError): string {
  return error.issues[0]?.path.join('.') || 'it';
}

const apiVersion = '20240415';
const pageSize = 100;
const mostItems = 20_000;
const mostAttempts = 6;
const longestWaitMs = 60_000;
const largestPageBytes = 64 * 1024 * 1024;
