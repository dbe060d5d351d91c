import { sha256 } from './secrets.ts';

/**
 * What makes a name unique: its SHA-256 in the form in which SDKs fold names, lower case with `_` for blanks.
 * Two features whose names fold alike would hide each other in a browser.
 */
export function nameKey(name: string): string {
  return sha256(name.toLowerCase().replaceAll(' ', '_'));
}
