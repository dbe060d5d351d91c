import type { TraitValue } from '@halyard/contract';
import { Refusal } from '../responses.ts';
import type { StoredIdentity } from './store.ts';

/** A trait as a request gives it. A null value removes the trait. */
export interface GivenTrait {
  key: string;
  value: TraitValue;
  /** Used for this evaluation and not stored. */
  transient: boolean;
}

/** A trait that an evaluation uses; `id` is null where it is not stored. */
export interface UsedTrait {
  id: number | null;
  value: TraitValue;
  transient: boolean;
}

export const maxIdentifierLength = 2000;
const maxTraitKeyLength = 200;
const maxTraitValueLength = 2000;

/** Messages by field, as the reference words them. */
export type FieldErrors = Record<string, unknown>;

/** What must be stored for an identity to have some traits. */
export interface TraitChanges {
  set: ReadonlyMap<string, TraitValue>;
  remove: readonly string[];
}

export const noChanges: TraitChanges = { set: new Map(), remove: [] };

/** What must be stored so that an identity has the given traits; nothing where it has them already. */
export function traitChanges(stored: StoredIdentity | null, given: readonly GivenTrait[]): TraitChanges {
  if (given.every((trait) => trait.transient || (stored?.traits.get(trait.key)?.value ?? null) === trait.value)) {
    return noChanges;
  }
  const wanted = new Map<string, TraitValue>();
  for (const trait of given) if (!trait.transient) wanted.set(trait.key, trait.value);
  const set = new Map<string, TraitValue>();
  const remove: string[] = [];
  for (const [key, value] of wanted) {
    const known = stored?.traits.get(key);
    if (value === null) {
      if (known !== undefined) remove.push(key);
    } else if (known === undefined || known.value !== value) set.set(key, value);
  }
  return { set, remove };
}

/** Stored traits with the ones of a request laid over them that are not stored: `spec/sdk-api.md` §1.7. */
export function overlay(stored: StoredIdentity | null, given: readonly GivenTrait[]): Map<string, UsedTrait> {
  const used = new Map<string, UsedTrait>();
  if (stored !== null) for (const [key, { id, value }] of stored.traits) used.set(key, { id, value, transient: false });
  for (const { key, value, transient } of given) {
    if (value !== null) used.set(key, { id: null, value, transient });
    // Over a stored identity, a transient null hides the stored trait from this evaluation.
    else if (stored !== null && transient) used.set(key, { id: null, value, transient });
    else used.delete(key);
  }
  return used;
}

/** Traits of an identity that this request created, in the order of the request. */
export function traitsOfNewIdentity(stored: StoredIdentity, given: readonly GivenTrait[]): Map<string, UsedTrait> {
  const used = new Map<string, UsedTrait>();
  for (const { key, value, transient } of given) {
    if (value === null) continue;
    const id = transient ? null : (stored.traits.get(key)?.id ?? null);
    used.set(key, { id, value, transient });
  }
  return used;
}

/** A trait as a request writes it, or what is wrong with it. */
export function readTrait(given: unknown): { trait: GivenTrait } | { errors: FieldErrors } {
  if (!isObject(given)) {
    return { errors: { non_field_errors: [`Invalid data. Expected a dictionary, but got ${typeName(given)}.`] } };
  }
  const key = readTraitKey(given.trait_key);
  const value = readTraitValue(given.trait_value);
  const transient = readBoolean(given.transient);
  const errors: FieldErrors = {};
  if ('error' in key) errors.trait_key = [key.error];
  if ('error' in value) errors.trait_value = [value.error];
  if (transient === undefined) errors.transient = ['Must be a valid boolean.'];
  if ('error' in key || 'error' in value || transient === undefined) return { errors };
  return { trait: { key: key.text, value: value.value, transient } };
}

export function readTraitKey(given: unknown): { text: string } | { error: string } {
  const read = readText(given, maxTraitKeyLength);
  return 'text' in read && read.text === '' ? { error: 'This field may not be blank.' } : read;
}

/** A trait's value: text, number, boolean or null as they are; anything else as its JSON text. Missing is null. */
export function readTraitValue(given: unknown): { value: TraitValue } | { error: string } {
  if (given === undefined || given === null) return { value: null };
  if (typeof given === 'boolean') return { value: given };
  if (typeof given === 'number') {
    return Number.isFinite(given) ? { value: given } : { error: 'A valid number is required.' };
  }
  const text = typeof given === 'string' ? given.toWellFormed() : JSON.stringify(given);
  if (isLonger(text, maxTraitValueLength)) {
    return { error: `Value string is too long. Must be less than ${maxTraitValueLength} character` };
  }
  if (text.includes('\0')) return { error: 'Null characters are not allowed.' };
  return { value: text };
}

/** Text of a body: trimmed, and numbers count as text. */
export function readText(given: unknown, maxLength: number): { text: string } | { error: string } {
  if (given === undefined) return { error: 'This field is required.' };
  if (given === null) return { error: 'This field may not be null.' };
  if (typeof given !== 'string' && typeof given !== 'number') return { error: 'Not a valid string.' };
  const text = String(given).trim().toWellFormed();
  if (text.includes('\0')) return { error: 'Null characters are not allowed.' };
  if (isLonger(text, maxLength)) return { error: `Ensure this field has no more than ${maxLength} characters.` };
  return { text };
}

/** True, false, and the spellings of both that the reference takes; null is false; undefined where it is none of them. */
export function readBoolean(given: unknown): boolean | undefined {
  if (given === undefined || given === null || given === false || given === 0) return false;
  if (given === true || given === 1) return true;
  if (typeof given !== 'string') return undefined;
  const text = given.trim().toLowerCase();
  if (['true', 't', '1', 'yes', 'y', 'on'].includes(text)) return true;
  if (['false', 'f', '0', 'no', 'n', 'off', ''].includes(text)) return false;
  return undefined;
}

/** Answers the object, or refuses the request. @throws {Refusal} 400 */
export function expectObject(given: unknown): Record<string, unknown> {
  if (isObject(given)) return given;
  throw new Refusal(400, {
    non_field_errors: [`Invalid data. Expected a dictionary, but got ${typeName(given)}.`],
  });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Limits count characters, not the halves of which some consist in JavaScript. */
export function isLonger(text: string, maxLength: number): boolean {
  if (text.length <= maxLength) return false;
  if (text.length > 2 * maxLength) return true;
  let length = 0;
  for (const _ of text) length++;
  return length > maxLength;
}

export function typeName(value: unknown): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return 'dict';
}
