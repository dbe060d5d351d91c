import type { TraitValue } from '@halyard/contract';

/**
 * Reading what claims to be a document or a context. The types say what a writer sends; a reader takes whatever comes, keeps
 * what it understands, and never throws.
 */
export type Loose = Readonly<Record<string, unknown>>;

/** An object's fields; none for anything else. */
export function fieldsOf(value: unknown): Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : noFields;
}

/** An array's elements; none for anything else. */
export function elementsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : noElements;
}

/** A text, or a number as its text: keys are written both ways. Undefined for anything else. */
export function keyOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

export function textOf(value: unknown): string {
  return keyOf(value) ?? '';
}

/** A number, or positive infinity: the weakest of priorities. */
export function priorityOf(value: unknown): number {
  return typeof value === 'number' && !Number.isNaN(value) ? value : Number.POSITIVE_INFINITY;
}

/** Whether this is a value that features and traits may have. */
export function isScalar(value: unknown): value is TraitValue {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** A value that features and traits may have; null for anything else. */
export function scalarOf(value: unknown): TraitValue {
  return isScalar(value) ? value : null;
}

const noFields: Loose = Object.freeze(Object.create(null) as Record<string, unknown>);
const noElements: readonly unknown[] = Object.freeze([]);
