import { shown } from '../ui/shown.ts';

export type TraitScalar = string | number | boolean | null;

/** Somebody to ask the engine about, as an address keeps it. */
export interface Asked {
  id?: string;
  traits?: Record<string, TraitScalar>;
}

/** What stands in a traits field: JSON, what an SDK sends, or a line for each trait, such as `plan: pro`. */
export function parseTraits(text: string): { traits: Record<string, TraitScalar> } | { problem: string } {
  const trimmed = text.trim();
  if (trimmed === '') return { traits: {} };
  if (/^[[{]/.test(trimmed)) {
    try {
      return traitsFromJson(JSON.parse(trimmed));
    } catch (error) {
      return { problem: `Not valid JSON: ${(error as Error).message}` };
    }
  }
  const entries: [string, TraitScalar][] = [];
  for (const line of trimmed.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^([^:=]+)[:=](.*)$/.exec(line);
    const key = match?.[1]?.trim();
    if (!key) return { problem: `Write each trait as key: value. This is none: ${line.trim()}` };
    entries.push([key, scalarFrom((match?.[2] ?? '').trim())]);
  }
  return { traits: Object.fromEntries(entries) };
}

function traitsFromJson(json: unknown): { traits: Record<string, TraitScalar> } | { problem: string } {
  const pairs: [unknown, unknown][] = Array.isArray(json)
    ? json.map((item) => [item?.trait_key, item?.trait_value ?? null])
    : Object.entries(isRecord(json) && isRecord(json.traits) ? json.traits : (json as object));
  const entries: [string, TraitScalar][] = [];
  for (const [key, value] of pairs) {
    if (typeof key !== 'string' || key === '') return { problem: 'A list needs items with trait_key and trait_value.' };
    entries.push([key, isScalar(value) ? value : JSON.stringify(value)]);
  }
  return { traits: Object.fromEntries(entries) };
}

/** The traits as lines that {@link parseTraits} reads back. */
export function traitsText(traits: Record<string, TraitScalar> = {}): string {
  const entries = Object.entries(traits);
  const isPlain = entries.every(([key, value]) => /^[^\s:={["][^:=\n]*$/.test(key) && lineIsSafe(value));
  if (!isPlain) return JSON.stringify(traits, null, 2);
  return entries.map(([key, value]) => `${key}: ${String(value)}`).join('\n');
}

/** What the API is asked. */
export function personOf({ id, traits = {} }: Asked) {
  return {
    identifier: id ?? '',
    traits: Object.entries(traits).map(([trait_key, trait_value]) => ({ trait_key, trait_value })),
  };
}

/** How somebody is called on the screen. */
export function nameOfAsked({ id, traits = {} }: Asked): string {
  const words = Object.entries(traits).map(([key, value]) => `${key}: ${shown(value)}`);
  if (id) return words.length > 0 ? `${id} + ${words.join(', ')}` : id;
  return words.length > 0 ? words.join(', ') : 'Nobody in particular';
}

/** Reads people from an address, leaving out what is none. */
export function askedFrom(value: unknown): Asked[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map(({ id, traits }) => ({
    ...((typeof id === 'string' || typeof id === 'number') && String(id) !== '' && { id: String(id) }),
    ...(isRecord(traits) && {
      traits: Object.fromEntries(
        Object.entries(traits).filter((entry): entry is [string, TraitScalar] => isScalar(entry[1])),
      ),
    }),
  }));
}

/** Numbers and booleans have their type, quotes keep a text a text. */
function scalarFrom(text: string): TraitScalar {
  if (/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?)$/.test(text) && text.length < 16)
    return JSON.parse(text) as TraitScalar;
  return /^"(.*)"$/s.exec(text)?.[1] ?? text;
}

function lineIsSafe(value: TraitScalar): boolean {
  return typeof value !== 'string' || (value.trim() === value && !value.includes('\n') && scalarFrom(value) === value);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is TraitScalar =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
