import type { TraitValue } from '@halyard/contract';
import { type Bodies, type Body, createBodies } from '../bodies.ts';
import type { Opened } from '../environments.ts';
import { flagList, type Publication } from '../publication.ts';
import type { Teller } from '../evaluations/teller.ts';
import type { EdgeRequest } from '../request.ts';
import { type Answer, asciiBytes, asciiJson, nothing, Refusal } from '../responses.ts';
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
  body: Body;
  publication: Publication;
  /** Null where nothing stored was used. */
  name: IdentityName | null;
  stored: StoredIdentity | null;
  /** Who was served; null where nobody else is told: nothing may be stored of them, or they asked for one feature. */
  told: { identifier: string; traits: ReadonlyMap<string, TraitValue> } | null;
}

type Remembered = Omit<Made, 'body'> & { answer: Answer };

/** Requests that come again word by word get their bytes again, until the document or the identity changes. */
export function createIdentityAnswers(options: {
  identities: IdentityCache;
  teller: Teller;
  memoryBytes: number;
}): AnswerIdentity {
  const { identities, teller } = options;
  const bodies = createBodies();
  const memory = createRequestMemory<Remembered>({ bytes: options.memoryBytes });

  return (opened, request) => {
    const place = memory.placeOf(opened, request);
    const remembered = place === null ? undefined : memory.get(place, opened, request);
    if (remembered !== undefined && isCurrent(remembered, opened)) {
      tell(opened, remembered);
      return remembered.answer;
    }
    const asked = request.method === 'POST' ? readIdentityBody(request) : readIdentityQuery(request);
    const answered = identify(opened, asked);
    return answered instanceof Promise ? answered.then(finish) : finish(answered);

    function finish(made: Made): Answer {
      tell(opened, made);
      const headers = made.publication.jsonHeaders;
      // A random identifier must not come twice.
      const isRandom = asked.identifier === '' && usableTraits(opened, asked).length === 0;
      const kept = place === null || isRandom ? null : memory.offer(place, opened, request, () => keep(made));
      if (kept === null) return { status: 200, headers, body: made.body.bytes, release: made.body.release };
      made.body.release();
      return kept.answer;
    }
  };

  function tell({ environment, kind }: Opened, { told, stored, publication }: Omit<Made, 'body'>): void {
    if (told === null || stored === null) return;
    const interest = teller.interestIn(environment.id);
    if (interest !== null) teller.tell({ ...told, stored, publication, kind }, interest);
  }

  function keep({ body, ...rest }: Made): { value: Remembered; bytes: number } {
    const answer = { status: 200, headers: rest.publication.jsonHeaders, body: Buffer.from(body.bytes) };
    return { value: { ...rest, answer }, bytes: body.bytes.length };
  }

  function isCurrent(made: Omit<Made, 'body'>, opened: Opened): boolean {
    if (made.publication !== opened.environment.publication) return false;
    return made.name === null || identities.peek(made.name) === made.stored;
  }

  function identify(opened: Opened, asked: IdentityRequest): Made | Promise<Made> {
    const traits = usableTraits(opened, asked);
    if (asked.identifier === '') {
      const identifier = generatedIdentifier(traits);
      return evaluate(
        bodies,
        opened,
        { ...asked, identifier },
        usedTraits(overlay(null, asTransient(traits))),
        null,
        null,
      );
    }
    if (asked.ignoresStorage) return evaluate(bodies, opened, asked, usedTraits(new Map()), null, null);

    const name = { environmentId: opened.environment.id, identifier: asked.identifier };
    const stored = identities.load(name);
    return stored instanceof Promise ? stored.then(use) : use(stored);

    function use(stored: StoredIdentity | null): Made | Promise<Made> {
      if (asked.transient) {
        return evaluate(bodies, opened, asked, usedTraits(overlay(stored, asTransient(traits))), name, stored);
      }
      const { persist_trait_data: persists } = opened.environment.publication.published.document.project.organisation;
      const { set, remove } = persists ? traitChanges(stored, traits) : noChanges;
      const unstored = persists ? traits.filter((trait) => trait.transient) : traits;
      if (stored !== null && set.size === 0 && remove.length === 0) {
        const used = unstored.length === 0 ? traitsOfStored(stored) : usedTraits(overlay(stored, unstored));
        return evaluate(bodies, opened, asked, used, name, stored);
      }
      return identities.save({ ...name, set, remove }).then((saved) => {
        const used = stored === null ? traitsOfNewIdentity(saved, traits) : overlay(saved, unstored);
        return evaluate(bodies, opened, asked, usedTraits(used), name, saved);
      });
    }
  }
}

/** Evaluates an identity and writes the answer: ready flags are copied, only its own traits are made into JSON. */
function evaluate(
  bodies: Bodies,
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
    return { body: textBody(bodies, flag), publication, name, stored, told: null };
  }
  const traits = publication.published.document.hide_sensitive_data ? nothing : used.json;
  const flags = flagList(publication, engine.decide(identity), kind);
  const head = `{"identifier":${asciiJson(identifier)},"traits":[`;
  const body = bodies.lease(head.length + traits.length + beforeFlags.length + flags.length + 1);
  const { bytes } = body;
  bytes.write(head, 'latin1');
  bytes.set(traits, head.length);
  bytes.set(beforeFlags, head.length + traits.length);
  bytes[flags.write(bytes, head.length + traits.length + beforeFlags.length)] = closingBrace;
  return { body, publication, name, stored, told: asked.transient ? null : identity };
}

const beforeFlags = asciiBytes('],"flags":');
const closingBrace = 0x7d;

function textBody(bodies: Bodies, text: string): Body {
  const body = bodies.lease(text.length);
  body.bytes.write(text, 'latin1');
  return body;
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
  /** Without the brackets around them. */
  json: Uint8Array;
}

function usedTraits(used: ReadonlyMap<string, UsedTrait>): UsedTraits {
  let text = '';
  for (const [key, { id, value, transient }] of used) {
    const json = `{"id":${id},"trait_key":${asciiJson(key)},"trait_value":${asciiJson(value)},"transient":${transient}}`;
    text += text === '' ? json : `,${json}`;
  }
  return { values: valuesOf(used), json: asciiBytes(text) };
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
