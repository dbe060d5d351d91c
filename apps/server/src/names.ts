import { RE2JS } from 're2js';
import { sha256 } from './secrets.ts';

/**
 * What makes a name unique: its SHA-256 in the form in which SDKs fold names, lower case with `_` for blanks.
 * Two features whose names fold alike would hide each other in a browser.
 */
export function nameKey(name: string): string {
  return sha256(name.toLowerCase().replaceAll(' ', '_'));
}

/** The same for names that only people read, where every letter counts: projects and environments. */
export function exactNameKey(name: string): string {
  return sha256(name);
}

/** Whether text is a pattern that names can be matched with. RE2's syntax: no look-around, no back-references. */
export function isNamePattern(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false; // The only thing that it throws for is the pattern.
  }
}

/** Whether the whole name matches a customer's pattern. Takes time in proportion to the name, whatever the pattern. */
export function matchesNamePattern(pattern: string, name: string): boolean {
  return RE2JS.compile(pattern).matches(name);
}
