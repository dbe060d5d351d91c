import type { ChangeDetail } from '@halyard/contract';

/** What differs between two forms of an object as the API shows it; `null` for an object that is not there. */
export function changeDetails(before: unknown, after: unknown): ChangeDetail[] {
  const old = fieldsOf(before);
  const now = fieldsOf(after);
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((field) => !notTold.has(field))
    .map((field) => ({ field, old: scalar(old[field]), new: scalar(now[field]) }))
    .filter((detail) => detail.old !== detail.new);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  // Segment overrides are moved: what is kept is their order.
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : { order: value };
}

function scalar(value: unknown): ChangeDetail['old'] {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as string | number | boolean);
}

/** What nobody chose. */
const notTold = new Set(['id', 'uuid', 'version', 'live_from', 'created_at', 'created_date', 'updated_at']);
