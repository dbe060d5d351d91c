import type { z } from 'zod';
import { type FieldErrors, invalid, notFound, type RequestError } from '../errors.ts';

type Issue = z.core.$ZodIssue;

/** Checks a body or a query. @throws RequestError 400 with the messages by field. */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fieldErrors(parsed.error.issues, value);
}

/** Checks path parameters: one that cannot name anything is a 404. */
export function checkParams<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw notFound();
}

function fieldErrors(issues: readonly Issue[], input: unknown): RequestError {
  const tree: Record<string, unknown> = {};
  for (const issue of issues) {
    const path = issue.path.length === 0 ? ['non_field_errors'] : issue.path;
    place(tree, path, message(issue, valueAt(input, issue.path)), input);
  }
  if (Array.isArray(input) && tree.non_field_errors === undefined) return invalid(listOf(tree, input.length) as never);
  return invalid(tree as FieldErrors);
}

/** Puts a message where the client looks for it: nested objects nest, lists become lists with `{}` for the good items. */
function place(tree: Record<string, unknown>, path: readonly PropertyKey[], text: string, input: unknown): void {
  const [head, ...rest] = path;
  const key = String(head);
  if (rest.length === 0) {
    const messages = tree[key];
    if (Array.isArray(messages)) messages.push(text);
    else if (messages === undefined) tree[key] = [text];
    return;
  }
  const child = valueAt(input, [head as PropertyKey]);
  if (Array.isArray(child)) {
    const list = (tree[key] ??= child.map(() => ({}))) as Record<string, unknown>[];
    const index = Number(rest[0]);
    if (!Array.isArray(list) || typeof list[0] === 'string') return;
    if (rest.length === 1) list[index] = { non_field_errors: [text] };
    else place((list[index] ??= {}), rest.slice(1), text, child[index]);
    return;
  }
  const branch = (tree[key] ??= {}) as Record<string, unknown>;
  if (!Array.isArray(branch)) place(branch, rest, text, child);
}

function listOf(tree: Record<string, unknown>, length: number): unknown[] {
  return Array.from({ length }, (_, index) => tree[index] ?? {});
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** The texts that clients of the reference's API display. */
function message(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_union') {
    if (value === undefined) return 'This field is required.';
    return value === null ? 'This field may not be null.' : 'Not a valid value.';
  }
  if (issue.code === 'invalid_type') {
    if (value === undefined) return 'This field is required.';
    if (value === null) return 'This field may not be null.';
    if (issue.expected === 'string') return 'Not a valid string.';
    if (issue.expected === 'boolean') return 'Must be a valid boolean.';
    if (issue.expected === 'int') return 'A valid integer is required.';
    if (issue.expected === 'number') return 'A valid number is required.';
    if (issue.expected === 'array') return `Expected a list of items but got type "${typeName(value)}".`;
    if (issue.expected === 'object') return `Invalid data. Expected a dictionary, but got ${typeName(value)}.`;
  }
  if (issue.code === 'invalid_value') {
    if (value === undefined) return 'This field is required.';
    return value === null ? 'This field may not be null.' : `"${shortened(value)}" is not a valid choice.`;
  }
  if (issue.code === 'too_big' && issue.origin === 'string') {
    return `Ensure this field has no more than ${issue.maximum} characters.`;
  }
  if (issue.code === 'too_big' && issue.origin === 'array') {
    return `Ensure this field has no more than ${issue.maximum} elements.`;
  }
  if (issue.code === 'too_big') return `Ensure this value is less than or equal to ${issue.maximum}.`;
  if (issue.code === 'too_small' && issue.origin === 'array') return 'This list may not be empty.';
  if (issue.code === 'too_small' && issue.origin !== 'string') {
    return `Ensure this value is greater than or equal to ${issue.minimum}.`;
  }
  if (issue.code === 'invalid_format' && issue.format === 'uuid') return 'Must be a valid UUID.';
  if (issue.code === 'invalid_format' && issue.format === 'datetime') {
    return 'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].';
  }
  return issue.message;
}

function shortened(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return 'dict';
}
