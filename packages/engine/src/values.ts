import type { TraitValue } from '@halyard/contract';

/** What one evaluation knows about who is asking. Made once per evaluation, thrown away after it. */
export interface Frame {
  /** Null where nobody is asking; `key` is null then too. */
  identifier: string | null;
  key: string | null;
  traits: ReadonlyMap<string, TraitValue>;
  /** What the expensive conditions of this evaluation may still cost. */
  effort: number;
}

/**
 * What regular expressions, JSONPath queries and hashes of one evaluation may cost together, in steps of some nanoseconds: what
 * hostile rules and megabytes of traits can use up stays below 50 ms.
 */
export const effortOfOneEvaluation = 500_000;

/** Takes the effort of one condition from its evaluation. False where not enough is left: the condition does not match then. */
export function affords(frame: Frame, effort: number): boolean {
  if (effort <= freeEffort) return true;
  if (effort > frame.effort) return false;
  frame.effort -= effort;
  return true;
}

/** Ordinary conditions cost nothing, so that no number of them runs out. */
const freeEffort = 20_000;

/** An integer that a double holds exactly is a number, any other a bigint, so that two integers are equal exactly if `===` says so. */
export type Integer = number | bigint;

/**
 * How a text counts where values are compared: `-?[0-9]+` is an integer, `-?[0-9]+\.[0-9]+` a float, anything else a text.
 * The tag matters because 2 and "2.0" differ: only one of them equals "2.0".
 */
export type TextKind = 'text' | 'integer' | 'float';

export function kindOfText(text: string): TextKind {
  const length = text.length;
  if (length > longestNumber) return 'text';
  let i = text.charCodeAt(0) === minus ? 1 : 0;
  const start = i;
  while (i < length && isDigit(text.charCodeAt(i))) i++;
  if (i === start) return 'text';
  if (i === length) return 'integer';
  if (text.charCodeAt(i) !== dot) return 'text';
  const fraction = ++i;
  while (i < length && isDigit(text.charCodeAt(i))) i++;
  return i === length && i > fraction ? 'float' : 'text';
}

/** The integer that decimal digits with an optional sign stand for, exactly. */
export function integerOf(digits: string): Integer {
  const number = Number(digits);
  if (Number.isSafeInteger(number)) return number + 0;
  return exactInteger(BigInt(digits.startsWith('+') ? digits.slice(1) : digits));
}

/** A whole number as an {@link Integer}. */
export function integerOfNumber(number: number): Integer {
  return Number.isSafeInteger(number) ? number + 0 : BigInt(number);
}

/** Reads a condition's value as an integer: optional sign, blanks around it; undefined for anything else. */
export function parseInteger(text: string): Integer | undefined {
  const trimmed = text.trim();
  if (trimmed.length > longestNumber || !integerPattern.test(trimmed)) return undefined;
  return integerOf(trimmed.replaceAll('_', ''));
}

/** Reads a condition's value as a float: sign, exponent, `inf`, `nan`, blanks around it; undefined for anything else. */
export function parseFloatingPoint(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > longestNumber) return undefined;
  if (floatPattern.test(trimmed)) return Number(trimmed.replaceAll('_', ''));
  const special = specialFloatPattern.exec(trimmed);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * The text form of a value after coercion, which regular expressions match and percentage splits hash: "007" is `7`, "1.50" is `1.5`,
 * true is `True`, and floats are written like Python writes them, so that a split agrees with the server-side SDKs.
 */
export function textOfValue(value: string | number | boolean): string {
  switch (typeof value) {
    case 'string':
      switch (kindOfText(value)) {
        case 'integer':
          return String(integerOf(value));
        case 'float':
          return textOfFloat(Number(value));
        default:
          return value;
      }
    case 'number':
      return Number.isInteger(value) ? String(value + 0) : textOfFloat(value);
    default:
      return value ? 'True' : 'False';
  }
}

/** Orders two texts by code point, where JavaScript's `<` orders by UTF-16 unit: negative, zero or positive. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return codePointRank(a) - codePointRank(b);
  }
  return left.length - right.length;
}

const minus = 45;
const dot = 46;
/** Longer ones are texts. It is about where Python stops reading integers, and keeps the conversion cheap. */
const longestNumber = 4300;
const integerPattern = /^[+-]?\d+(?:_\d+)*$/;
const floatPattern = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const specialFloatPattern = /^([+-]?)(inf|infinity|nan)$/i;

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

function exactInteger(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Surrogates stand for code points above every other unit. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function textOfFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}
