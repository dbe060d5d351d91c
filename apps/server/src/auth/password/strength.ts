import { readFileSync } from 'node:fs';

/** Passwords of eight characters and more that are tried first; lower case, one a line. */
const common = new Set(
  readFileSync(new URL('common-passwords.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n'),
);

/** What is wrong with a password that somebody chooses, in sentences for them; empty for a good one. */
export function weaknesses(password: string, person: { email: string; firstName: string; lastName: string }): string[] {
  const found: string[] = [];
  const facts = { 'email address': person.email, 'first name': person.firstName, 'last name': person.lastName };
  for (const [name, fact] of Object.entries(facts)) {
    if (isSimilar(password, fact)) found.push(`The password is too similar to the ${name}.`);
  }
  if ([...password].length < 8) found.push('This password is too short. It must contain at least 8 characters.');
  if (common.has(password.toLowerCase())) found.push('This password is too common.');
  if (/^\p{Nd}+$/u.test(password)) found.push('This password is entirely numeric.');
  return found;
}

/** Seven of ten characters are the same, in whatever order, as in the fact, one of its words, or an address before its `@`. */
function isSimilar(password: string, fact: string): boolean {
  const lower = fact.toLowerCase();
  return [...lower.split(/[^\p{L}\p{N}_]+/u), lower.split('@')[0] as string, lower]
    .filter((part) => part !== '')
    .some((part) => sharedCharacters(password.toLowerCase(), part) >= 0.7);
}

/** 1 for the same characters, 0 for none in common. */
function sharedCharacters(a: string, b: string): number {
  const left = new Map<string, number>();
  for (const character of b) left.set(character, (left.get(character) ?? 0) + 1);
  let shared = 0;
  for (const character of a) {
    const count = left.get(character) ?? 0;
    if (count === 0) continue;
    left.set(character, count - 1);
    shared++;
  }
  return (2 * shared) / ([...a].length + [...b].length);
}
