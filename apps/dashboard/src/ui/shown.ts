/** A value as the wire has it: text, whole number, on/off, or nothing. */
export type Scalar = string | number | boolean | null;

/** One line of a value for lists. */
export function shown(value: Scalar): string {
  if (value === null || value === '') return '—';
  return typeof value === 'string' ? value.replace(/\s+/g, ' ') : String(value);
}
