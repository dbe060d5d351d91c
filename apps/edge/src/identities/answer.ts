import type { TraitValue } from '@halyard/contract';
import type { Opened } from '../environments.ts';
import { joinFlags, type Publication } from '../publication.ts';
import type { EdgeRequest } from '../request.ts';
import { type Answer, asciiBytes, asciiJson, Refusal } from '../responses.ts';
import type { IdentityCache } from './cache.ts';
import { generatedIdentifier } from './identifier.ts';
import { createRequestMemory } from './memory.ts';
import { type IdentityRequest, readIdentityBody, readIdentityQuery } from './request.ts';
import type { IdentityName, StoredIdentity } from './store.ts';
import { type GivenTrait, noChanges, overlay, traitChanges, traitsOfNewIdentity, type UsedTrait } from './traits.ts';

/** Answers `GET` and `POST /api/v1/identities/`: the flags of one identity, and its traits. */
export type AnswerIdentity = (opened: Opened, request: EdgeRequest) => Answer | Promise<Answer>;

/** An answer as it was made, and everything it depends on beside the bytes of its request. */
interface Made {
  json: string;
  publication: Publication;
  /** Null where nothing stored was used. */
  name: IdentityName | null;
  stored: StoredIdentity | null;
}

interface Remembered {
  made: Made;
  answer: Answer;
}

/** Requests that come again word by word get their bytes again, until the document or the identity changes. */
export function createIdentityAnswers(options: { identities: IdentityCache; memoryBytes: number }): AnswerIdentity {
  const { identities } = options;
  const memory = createRequestMemory<Remembered>({ bytes: options.memoryBytes });

  return (opened, request) => {
    const place = memory.placeOf(opened, request);
    const remembered = place === null ? undefined : memory.get(place, opened, request);
    if (remembered !== undefined && isCurrent(remembered.made, opened)) return remembered.answer;
    const asked = request.method === 'POST' ? readIdentityBody(request) : readIdentityQuery(request);
    const answered = identify(opened, asked);
    return answered instanceof Promise ? answered.then(finish) : finish(answered);

    function finish(made: Made): Answer {
      const headers = made.publication.jsonHeaders;
      // A random identifier must not come twice.
      const isRandom = asked.identifier === '' && usableTraits(opened, asked).length === 0;
      const kept = place === null || isRandom ? null : memory.offer(place, opened, request, () => keep(made));
      return kept === null ? { status: 200, headers, body: made.json } : kept.answer;
    }
  };

  function keep(made: Made): { value: Remembered; bytes: number } {
    const answer = { status: 200, headers: made.publication.jsonHeaders, body: asciiBytes(made.json) };
    return { value: { made: { ...made, json: '' }, answer }, bytes: made.json.length };
  }

  function isCurrent(made: Made, opened: Opened): boolean {
    if (made.publication !== opened.environment.publication) return false;
    return made.name === null || identities.peek(made.name) === made.stored;
  }

  function identify(opened: Opened, asked: IdentityRequest): Made | Promise<Made> {
    const traits = usableTraits(opened, asked);
    if (asked.identifier === '') {
      const identifier = generatedIdentifier(traits);
      return evaluate(opened, { ...asked, identifier }, usedTraits(overlay(null, asTransient(traits))), null, null);
    }
    if (asked.ignoresStorage) return evaluate(opened, asked, usedTraits(new Map()), null, null);

    const name = { environmentId: opened.environment.id, identifier: asked.identifier };
    const stored = identities.load(name);
    return stored instanceof Promise ? stored.then(use) : use(stored);

    function use(stored: StoredIdentity | null): Made | Promise<Made> {
      if (asked.transient) {
        return evaluate(opened, asked, usedTraits(overlay(stored, asTransient(traits))), name, stored);
      }
      const { persist_trait_data: persists } = opened.environment.publication.published.document.project.organisation;
      const { set, remove } = persists ? traitChanges(stored, traits) : noChanges;
      const unstored = persists ? traits.filter((trait) => trait.transient) : traits;
      if (stored !== null && set.size === 0 && remove.length === 0) {
        const used = unstored.length === 0 ? traitsOfStored(stored) : usedTraits(overlay(stored, unstored));
        return evaluate(opened, asked, used, name, stored);
      }
      return identities.save({ ...name, set, remove }).then((saved) => {
        const used = stored === null ? traitsOfNewIdentity(saved, traits) : overlay(saved, unstored);
        return evaluate(opened, asked, usedTraits(used), name, saved);
      });
    }
  }
}

/** Evaluates an identity and writes the answer: ready flags are joined, only its own traits are made into JSON. */
function evaluate(
  opened: Opened,
  asked: IdentityRequest,
  used: UsedTraits,
  name: IdentityName | null,
  stored: StoredIdentity | null,
): Made {
  const { kind, environment } = opened;
  const { publication } = environment;
  const { identifier } = asked;
  const hidesOverrides = asked.ignoresStorage && publication.overridden.has(identifier);
  const engine = hidesOverrides ? publication.engineWithoutOverrides : publication.engine;
  const identity = { identifier, traits: used.values };
  if (asked.feature !== null) {
    const flag = engine.decideOne(asked.feature, identity)?.[kind] ?? '';
    if (flag === '') {
      const headers = ['X-Flagsmith-Document-Updated-At', publication.updatedAt];
      throw new Refusal(404, { detail: 'Given feature not found' }, headers);
    }
    return { json: flag, publication, name, stored };
  }
  const traits = publication.published.document.hide_sensitive_data ? '' : used.json;
  const flags = joinFlags(publication, engine.decide(identity), kind);
  const json = `{"identifier":${asciiJson(identifier)},"traits":[${traits}],"flags":${flags}}`;
  return { json, publication, name, stored };
}

/** The values that an evaluation sees. */
export function valuesOf(used: ReadonlyMap<string, UsedTrait>): Map<string, TraitValue> {
  const values = new Map<string, TraitValue>();
  for (const [key, { value }] of used) values.set(key, value);
  return values;
}

/** The traits of an evaluation: what it sees, and what its answer says. */
interface UsedTraits {
  values: ReadonlyMap<string, TraitValue>;
  json: string;
}

function usedTraits(used: ReadonlyMap<string, UsedTrait>): UsedTraits {
  let text = '';
  for (const [key, { id, value, transient }] of used) {
    const json = `{"id":${id},"trait_key":${asciiJson(key)},"trait_value":${asciiJson(value)},"transient":${transient}}`;
    text += text === '' ? json : `,${json}`;
  }
  return { values: valuesOf(used), json: text };
}

const usedByStored = new WeakMap<StoredIdentity, UsedTraits>();

/** Made once for what is stored of an identity: most requests say what we know already. */
function traitsOfStored(stored: StoredIdentity): UsedTraits {
  let used = usedByStored.get(stored);
  if (used === undefined) {
    used = usedTraits(overlay(stored, []));
    usedByStored.set(stored, used);
  }
  return used;
}

/** A client-side key may be forbidden to say anything about its user; what it says is then left out without an error. */
function usableTraits({ environment, kind }: Opened, asked: IdentityRequest): GivenTrait[] {
  const allowed = kind === 'server' || environment.publication.published.document.allow_client_traits;
  return allowed ? asked.traits : [];
}

/** Marks every trait as one that is not stored. */
export function asTransient(traits: readonly GivenTrait[]): GivenTrait[] {
  return traits.map((trait) => (trait.transient ? trait : { ...trait, transient: true }));
}
