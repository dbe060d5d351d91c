import { createHash } from 'node:crypto';
import type { PublishedEnvironment } from '@halyard/contract';
import { type CompiledEnvironment, compileDocument, type Outcome } from '@halyard/engine';
import { type Answer, asciiBytes, asciiJson, type HeaderSets } from './responses.ts';

/** Whose key a request carries: a key that starts with `ser.` is a server's, any other is in the hands of users. */
export type KeyKind = 'client' | 'server';

/** One thing that a feature can serve, with the JSON that says so, which is made when somebody first needs it. */
export interface Served {
  readonly outcome: Outcome;
  /** The flag on `/identities/`; '' where a client-side key must not see it. */
  readonly client: string;
  /** The same for a server-side key. */
  readonly server: string;
  /** The flag as bytes, with a comma before it. Made when somebody is first served this and not the default. */
  bytes: Uint8Array | null;
  /** Made when OFREP first asks. */
  ofrep: string | null;
}

/** One environment at one version, ready to answer. Replaced as a whole by the next one. */
export interface Publication {
  readonly published: PublishedEnvironment;
  readonly environmentId: number;
  readonly version: number;
  readonly keyHashes: ReadonlyMap<string, { active: boolean; expiresAtMs: number }>;
  /** `updated_at` as Unix seconds with six digits behind the point, as text: a double would round it. */
  readonly updatedAt: string;
  readonly updatedAtMs: number;
  /** Names this content of this environment: version and time. */
  readonly token: string;
  /** Headers of JSON answers that tell the time of the document. */
  readonly jsonHeaders: readonly string[];
  /** Compiled when a request first needs it, so that a burst of publications compiles once. */
  readonly engine: CompiledEnvironment<Served>;
  /** The same without identity overrides; for the requests that must not see them. */
  readonly engineWithoutOverrides: CompiledEnvironment<Served>;
  /** Identities that have overrides. */
  readonly overridden: ReadonlySet<string>;
  /** Memory of what is made once per version: `make` runs at the first call of a name. */
  once<T>(name: string, make: () => T): T;
  /** The flag on `/flags/`, which has no variant; '' where the key must not see it. */
  flagJson(served: Served, kind: KeyKind): string;
}

/** Prepares a published environment to answer requests. */
export function createPublication(published: PublishedEnvironment, headers: HeaderSets): Publication {
  const { document } = published;
  const updatedAt = unixSeconds(document.updated_at);
  const made = new Map<string, unknown>();
  const once = <T>(name: string, make: () => T): T => {
    if (made.has(name)) return made.get(name) as T;
    const value = make();
    made.set(name, value);
    return value;
  };
  const shape = flagShape(published);
  return {
    published,
    environmentId: published.environmentId,
    version: published.version,
    keyHashes: new Map(
      published.serverKeys.map((key) => [
        key.sha256,
        {
          active: key.active,
          expiresAtMs: key.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(key.expiresAt),
        },
      ]),
    ),
    updatedAt,
    updatedAtMs: Math.floor(Number(updatedAt) * 1000),
    token: `${published.version}-${updatedAt.replace('.', '')}`,
    jsonHeaders: [...headers.json, 'X-Flagsmith-Document-Updated-At', updatedAt],
    get engine() {
      return once('engine', () => compileDocument(document, shape.serve));
    },
    get engineWithoutOverrides() {
      return once('engine without overrides', () =>
        compileDocument({ ...document, identity_overrides: [] }, shape.serve),
      );
    },
    get overridden() {
      return once('overridden', () => new Set(document.identity_overrides.map((override) => override.identifier)));
    },
    once,
    flagJson: ({ outcome }, kind) => (shape.hides(outcome, kind) ? '' : shape.flag(outcome)),
  };
}

/** An answer whose bytes exist once per version. */
export function readyAnswer(publication: Publication, name: string, make: () => Answer): Answer {
  return publication.once(name, make);
}

/** A JSON list of ready flags, as bytes that are still to be written. */
export interface FlagList {
  length: number;
  /** Writes the list and answers where it ends. */
  write(target: Uint8Array, start: number): number;
}

/**
 * The list of what was decided. Most features serve everybody their default, so that the stretches between the others are
 * copied as one.
 */
export function flagList(publication: Publication, decided: readonly Served[], kind: KeyKind): FlagList {
  const row = publication.once(kind === 'client' ? 'row client' : 'row server', () => rowOfDefaults(publication, kind));
  let length = row.bytes.length;
  for (let i = 0; i < decided.length; i++) {
    const served = decided[i] as Served;
    if (served === row.served[i]) continue;
    length +=
      (served[kind] === '' ? 0 : served[kind].length + 1) - ((row.starts[i + 1] as number) - (row.starts[i] as number));
  }
  return {
    length: length === 0 ? 2 : length + 1,
    write(target, start) {
      let at = start;
      let from = 0;
      const copyRow = (to: number) => {
        if (to === from) return;
        target.set(row.bytes.subarray(from, to), at);
        at += to - from;
      };
      for (let i = 0; i < decided.length; i++) {
        const served = decided[i] as Served;
        if (served === row.served[i]) continue;
        copyRow(row.starts[i] as number);
        from = row.starts[i + 1] as number;
        if (served[kind] === '') continue;
        served.bytes ??= asciiBytes(`,${served[kind]}`);
        target.set(served.bytes, at);
        at += served.bytes.length;
      }
      copyRow(row.bytes.length);
      // Each flag brings its comma, and the list opens where the first one is.
      if (at === start) at++;
      target[start] = openingBracket;
      target[at] = closingBracket;
      return at + 1;
    },
  };
}

const openingBracket = 0x5b;
const closingBracket = 0x5d;

/** The defaults in a row, each with a comma before it, and where each of them starts. */
function rowOfDefaults(publication: Publication, kind: KeyKind) {
  const served = publication.engine.decide(null);
  const flags = served.map((one) => (one[kind] === '' ? '' : `,${one[kind]}`));
  const starts = [0];
  for (const json of flags) starts.push((starts.at(-1) as number) + json.length);
  return { served, starts, bytes: asciiBytes(flags.join('')) };
}

/** JSON text as the body of an answer that tells the time of the document. */
export function jsonAnswer(publication: Publication, json: string): Answer {
  return { status: 200, headers: publication.jsonHeaders, body: asciiBytes(json) };
}

/** SHA-256 of text, hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** How this environment shows flags: `spec/sdk-api.md` §1.5 and §1.13. */
function flagShape(published: PublishedEnvironment): {
  serve: (outcome: Outcome) => Served;
  flag: (outcome: Outcome) => string;
  hides: (outcome: Outcome, kind: KeyKind) => boolean;
} {
  const { document, features, stateIds, environmentId } = published;
  const hideDisabled = document.hide_disabled_flags ?? document.project.hide_disabled_flags;
  const hideDetails = document.hide_sensitive_data;
  const serverOnly = new Set(document.project.server_key_only_feature_ids);
  const identityIds = new Map<string, number | null>();
  for (const override of document.identity_overrides) {
    for (const state of override.identity_features) identityIds.set(state.featurestate_uuid, override.django_id);
  }

  const shape = { serve, flag, hides };
  return shape;

  function serve(outcome: Outcome): Served {
    return new ServedFlag(outcome, shape);
  }

  function hides({ enabled, feature }: Outcome, kind: KeyKind): boolean {
    return (hideDisabled && !enabled) || (kind === 'client' && serverOnly.has(feature.id));
  }

  // By hand, which is several times faster than making an object for it: a start makes a hundred thousand of these.
  function flag({ feature, stateUuid, value, enabled }: Outcome): string {
    const { id, name, type } = feature;
    const details = hideDetails ? undefined : features[String(id)];
    const state = hideDetails ? undefined : stateIds[stateUuid];
    const detailsJson =
      `"created_date":${asciiJson(details?.createdDate ?? null)},"description":${asciiJson(details?.description ?? null)},` +
      `"initial_value":${asciiJson(details?.initialValue ?? null)},"default_enabled":${details?.defaultEnabled ?? null}`;
    const featureJson = `{"id":${id},"name":${asciiJson(name)},${detailsJson},"type":"${type}"}`;
    const identityId = hideDetails ? null : (identityIds.get(stateUuid) ?? null);
    return (
      `{"id":${state?.id ?? null},"feature":${featureJson},"feature_state_value":${asciiJson(value)},` +
      `"environment":${hideDetails ? null : environmentId},"identity":${identityId},` +
      `"feature_segment":${state?.featureSegmentId ?? null},"enabled":${enabled}}`
    );
  }
}

type Shape = ReturnType<typeof flagShape>;

class ServedFlag implements Served {
  readonly outcome: Outcome;
  bytes: Uint8Array | null = null;
  ofrep: string | null = null;
  readonly #shape: Shape;
  #json: string | null = null;

  constructor(outcome: Outcome, shape: Shape) {
    this.outcome = outcome;
    this.#shape = shape;
  }

  get client(): string {
    return this.#shape.hides(this.outcome, 'client') ? '' : this.#shown();
  }

  get server(): string {
    return this.#shape.hides(this.outcome, 'server') ? '' : this.#shown();
  }

  #shown(): string {
    this.#json ??= `${this.#shape.flag(this.outcome).slice(0, -1)},"variant":${asciiJson(this.outcome.variant)}}`;
    return this.#json;
  }
}

function unixSeconds(time: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) throw new Error(`updated_at of a document must be RFC 3339, not "${time}"`);
  const [, whole, fraction = '', zone] = match;
  return `${Date.parse(`${whole}${zone}`) / 1000}.${fraction.padEnd(6, '0').slice(0, 6)}`;
}
