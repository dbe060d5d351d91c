import { randomUUID } from 'node:crypto';
import type { TraitValue } from '@halyard/contract';
import { sha256 } from '../publication.ts';
import type { GivenTrait } from './traits.ts';

/**
 * The identifier of somebody who gave none: the same traits make the same one, so that an anonymous user keeps their
 * variants. SHA-256 over key and value of each trait in the order of the keys; random where there are no traits.
 */
export function generatedIdentifier(traits: readonly GivenTrait[]): string {
  if (traits.length === 0) return randomUUID().replaceAll('-', '');
  const sorted = traits.toSorted((a, b) => byCodePoints(a.key, b.key));
  return sha256(sorted.map(({ key, value }) => (value === null ? '' : key + pythonText(value))).join(''));
}

/** A value as Python's `str` writes it: SDKs and the reference compare what comes out of the hash. */
function pythonText(value: Exclude<TraitValue, null>): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string' || Number.isSafeInteger(value)) return String(value);
  return pythonFloat(value);
}

/** Same digits as JavaScript; Python turns to exponents at other sizes and writes them with two digits. */
function pythonFloat(value: number): string {
  const [digits, exponentText] = value.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text = Math.abs(value) < 1e-6 ? value.toFixed(-exponent + digits.replace(/\D/g, '').length - 1) : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** Python compares code points, JavaScript compares halves of them. */
function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}
