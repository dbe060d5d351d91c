import type { TraitValue } from '@halyard/contract';
import type { Opened } from './environments.ts';
import type { IdentityCache } from './identities/cache.ts';
import {
  expectObject,
  type FieldErrors,
  isObject,
  maxIdentifierLength,
  readText,
  readTraitKey,
  readTraitValue,
  traitChanges,
} from './identities/traits.ts';
import { type EdgeRequest, readJson } from './request.ts';
import { type Answer, asciiBytes, asciiJson, type HeaderSets, Refusal } from './responses.ts';

interface TraitsRequest {
  opened: Opened;
  request: EdgeRequest;
  identities: IdentityCache;
  headers: HeaderSets;
}

interface OneTrait {
  identifier: string;
  key: string;
  value: TraitValue;
}

/** `POST /api/v1/traits/`: sets one trait of one identity; null removes it. */
export async function answerTrait({ opened, request, identities, headers }: TraitsRequest): Promise<Answer> {
  refuseForbidden(opened);
  const read = readOneTrait(expectObject(readJson(request)));
  if ('errors' in read) throw new Refusal(400, read.errors);
  await save(opened, identities, read.trait.identifier, [read.trait]);
  return json(headers, echo(read.trait));
}

/** `PUT /api/v1/traits/bulk/`: sets traits of several identities; null removes one. Answers those that were set. */
export async function answerTraits({ opened, request, identities, headers }: TraitsRequest): Promise<Answer> {
  refuseForbidden(opened);
  const body = readJson(request);
  if (!Array.isArray(body)) throw new Refusal(400, { detail: 'Invalid request data' });
  const read = body.map((item: unknown) =>
    isObject(item) ? readOneTrait(item) : { errors: { non_field_errors: ['Invalid data.'] } as FieldErrors },
  );
  const traits = read.flatMap((item) => ('trait' in item ? [item.trait] : []));
  if (traits.length < read.length) {
    throw new Refusal(
      400,
      read.map((item) => ('errors' in item ? item.errors : {})),
    );
  }
  const byIdentifier = Map.groupBy(traits, (trait) => trait.identifier);
  await Promise.all([...byIdentifier].map(([identifier, list]) => save(opened, identities, identifier, list)));
  return json(headers, traits.filter((trait) => trait.value !== null).map(echo));
}

/** `POST /api/v1/traits/increment-value/`: adds to an integer trait, from 0 where there is none. */
export async function answerTraitIncrement({ opened, request, identities, headers }: TraitsRequest): Promise<Answer> {
  refuseForbidden(opened);
  const body = expectObject(readJson(request));
  const key = readTraitKey(body.trait_key);
  const identifier = readIdentifier(body.identifier);
  const by = readInteger(body.increment_by);
  const errors: FieldErrors = {};
  if ('error' in key) errors.trait_key = [key.error];
  if ('error' in identifier) errors.identifier = [identifier.error];
  if ('error' in by) errors.increment_by = [by.error];
  if ('error' in key || 'error' in identifier || 'error' in by) throw new Refusal(400, errors);
  const stored = await identities.increment({
    environmentId: opened.environment.id,
    identifier: identifier.text,
    traitKey: key.text,
    by: by.number,
  });
  if (stored === null) throw new Refusal(400, ['Trait is not an integer.']);
  return json(headers, {
    trait_key: key.text,
    trait_value: stored.traits.get(key.text)?.value ?? null,
    identifier: identifier.text,
  });
}

/** @throws {Refusal} where this key, or this organisation, may not store traits */
function refuseForbidden({ environment, kind }: Opened): void {
  const { document } = environment.publication.published;
  if (!document.project.organisation.persist_trait_data) {
    throw new Refusal(403, { detail: 'Organisation is not authorised to store traits.' });
  }
  if (kind === 'client' && !document.allow_client_traits) {
    throw new Refusal(400, { non_field_errors: ['Setting traits not allowed with client key.'] });
  }
}

async function save(
  opened: Opened,
  identities: IdentityCache,
  identifier: string,
  traits: readonly OneTrait[],
): Promise<void> {
  const name = { environmentId: opened.environment.id, identifier };
  const stored = await identities.load(name);
  const { set, remove } = traitChanges(
    stored,
    traits.map(({ key, value }) => ({ key, value, transient: false })),
  );
  if (stored === null || set.size > 0 || remove.length > 0) await identities.save({ ...name, set, remove });
}

function readOneTrait(body: Record<string, unknown>): { trait: OneTrait } | { errors: FieldErrors } {
  const errors: FieldErrors = {};
  const key = readTraitKey(body.trait_key);
  const value = readTraitValue(body.trait_value);
  const identifier = isObject(body.identity) ? readIdentifier(body.identity.identifier) : null;
  if (body.identity === undefined) errors.identity = ['This field is required.'];
  else if (identifier === null) errors.identity = { non_field_errors: ['Invalid data. Expected a dictionary.'] };
  else if ('error' in identifier) errors.identity = { identifier: [identifier.error] };
  if ('error' in key) errors.trait_key = [key.error];
  if ('error' in value) errors.trait_value = [value.error];
  else if (body.trait_value === undefined) errors.trait_value = ['This field is required.'];
  if (Object.keys(errors).length > 0) return { errors };
  const { text } = identifier as { text: string };
  return {
    trait: { identifier: text, key: (key as { text: string }).text, value: (value as { value: TraitValue }).value },
  };
}

function readIdentifier(given: unknown): { text: string } | { error: string } {
  const read = readText(given, maxIdentifierLength);
  return 'text' in read && read.text === '' ? { error: 'This field may not be blank.' } : read;
}

function readInteger(given: unknown): { number: number } | { error: string } {
  if (given === undefined) return { error: 'This field is required.' };
  if (given === null) return { error: 'This field may not be null.' };
  const number = typeof given === 'string' && /^[+-]?\d{1,12}$/.test(given.trim()) ? Number(given) : given;
  if (typeof number !== 'number' || !Number.isInteger(number)) return { error: 'A valid integer is required.' };
  if (Math.abs(number) > 2_147_483_647) {
    const bound = number > 0 ? 'less than or equal to 2147483647' : 'greater than or equal to -2147483648';
    return { error: `Ensure this value is ${bound}.` };
  }
  return { number };
}

function echo({ identifier, key, value }: OneTrait): unknown {
  return { identity: { identifier }, trait_value: value, trait_key: key };
}

function json(headers: HeaderSets, value: unknown): Answer {
  return { status: 200, headers: headers.json, body: asciiBytes(asciiJson(value)) };
}
