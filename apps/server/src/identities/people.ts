import type { ExplainedPerson, PersonInput, TraitValue } from '@halyard/contract';
import { generatedIdentifier, overlay } from '@halyard/edge';
import type { Identity } from '@halyard/engine';
import type { Context } from '../context.ts';
import { findIdentitiesWithTraits, type IdentityWithTraits } from './store.ts';

/** Somebody in one environment. */
export interface Person {
  /** What the engine is asked about; null for nobody in particular. */
  identity: Identity | null;
  shown: ExplainedPerson;
}

/** An environment, and whether who asks may see what is stored of identities there. */
export interface PersonPlace {
  environmentId: number;
  maySeeIdentities: boolean;
}

/**
 * Who these people are in each of the environments, in one statement: stored traits with the given ones over them, as `/identities/`
 * uses them. By environment, then by person. Whether the environments may be read at all is for the caller to check.
 */
export async function peopleIn(ctx: Context, places: PersonPlace[], people: PersonInput[]): Promise<Person[][]> {
  const identifiers = [...new Set(people.flatMap(({ identifier }) => identifier || []))];
  const open = places.filter(({ maySeeIdentities }) => maySeeIdentities).map(({ environmentId }) => environmentId);
  const known = new Map<string, IdentityWithTraits>();
  for (const identity of await findIdentitiesWithTraits(ctx.db, { environmentIds: open, identifiers })) {
    known.set(`${identity.environmentId}:${identity.identifier}`, identity);
  }
  return places.map(({ environmentId, maySeeIdentities }) =>
    people.map((given) =>
      personFrom(given, known.get(`${environmentId}:${given.identifier ?? ''}`) ?? null, maySeeIdentities),
    ),
  );
}

function personFrom(given: PersonInput, stored: IdentityWithTraits | null, maySeeIdentities: boolean): Person {
  const traits = (given.traits ?? []).map(({ trait_key: key, trait_value: value }) => ({
    key,
    value,
    transient: false,
  }));
  const isGenerated = !given.identifier && traits.length > 0;
  const identifier = isGenerated ? generatedIdentifier(traits) : given.identifier || null;
  const used = new Map<string, TraitValue>();
  for (const [key, { value }] of overlay(stored, traits)) used.set(key, value);
  const givenKeys = new Set(traits.map(({ key }) => key));
  return {
    identity: identifier === null ? null : { identifier, traits: used },
    shown: {
      identifier,
      is_generated: isGenerated,
      identity: stored?.id ?? null,
      stored: !given.identifier ? 'none' : !maySeeIdentities ? 'hidden' : stored === null ? 'unknown' : 'used',
      traits: [...used].map(([key, value]) => ({
        trait_key: key,
        trait_value: value,
        source: givenKeys.has(key) ? 'given' : 'stored',
      })),
    },
  };
}
