import { type EdgeRequest, readJson, readQuery } from '../request.ts';
import { Refusal } from '../responses.ts';
import {
  expectObject,
  type FieldErrors,
  type GivenTrait,
  isLonger,
  maxIdentifierLength,
  readBoolean,
  readText,
  readTrait,
  typeName,
} from './traits.ts';

/** Who is asking for flags. */
export interface IdentityRequest {
  /** '' for somebody without a name: they get one made from their traits. */
  identifier: string;
  /** Nothing of this request is stored. */
  transient: boolean;
  /** What is stored of the identity is not used either. */
  ignoresStorage: boolean;
  traits: GivenTrait[];
  /** The only feature asked for; null for all. */
  feature: string | null;
}

const maxTraits = 1000;

/** Reads `GET /identities/`. The identifier is taken as it is; any text in `transient` counts as true, `false` too. */
export function readIdentityQuery(request: EdgeRequest): IdentityRequest {
  const query = readQuery(request);
  const identifier = query.get('identifier') ?? '';
  if (identifier === '') throw new Refusal(400, { detail: 'Missing identifier' });
  if (identifier.includes('\0')) throw new Refusal(400, { identifier: ['Null characters are not allowed.'] });
  if (isLonger(identifier, maxIdentifierLength)) {
    throw new Refusal(400, { identifier: [`Ensure this field has no more than ${maxIdentifierLength} characters.`] });
  }
  const transient = (query.get('transient') ?? '') !== '';
  const feature = query.get('feature') ?? '';
  return { identifier, transient, ignoresStorage: transient, traits: [], feature: feature === '' ? null : feature };
}

/** Reads `POST /identities/`. @throws {Refusal} 400 with the messages by field */
export function readIdentityBody(request: EdgeRequest): IdentityRequest {
  const body = expectObject(readJson(request));
  const identifier = readText(body.identifier ?? '', maxIdentifierLength);
  const transient = readBoolean(body.transient);
  const traits = readTraits(body.traits ?? []);
  const errors: FieldErrors = {};
  if ('error' in identifier) errors.identifier = [identifier.error];
  if (transient === undefined) errors.transient = ['Must be a valid boolean.'];
  if ('errors' in traits) errors.traits = traits.errors;
  if ('error' in identifier || transient === undefined || 'errors' in traits) throw new Refusal(400, errors);
  const feature = request.query === '' ? null : readQuery(request).get('feature') || null;
  return { identifier: identifier.text, transient, ignoresStorage: false, traits: traits.traits, feature };
}

function readTraits(given: unknown): { traits: GivenTrait[] } | { errors: unknown[] } {
  if (!Array.isArray(given)) return { errors: [`Expected a list of items but got type "${typeName(given)}".`] };
  if (given.length > maxTraits) return { errors: [`Ensure this field has no more than ${maxTraits} elements.`] };
  const traits: GivenTrait[] = [];
  for (const item of given) {
    const read = readTrait(item);
    if ('errors' in read) return { errors: given.map(errorsOf) };
    traits.push(read.trait);
  }
  return { traits };
}

/** One entry for each trait, empty where nothing is wrong with it. */
function errorsOf(given: unknown): FieldErrors {
  const read = readTrait(given);
  return 'errors' in read ? read.errors : {};
}
