/** A refusal of the server: what it said as a whole, and what it said of single fields. */
export class ApiError extends Error {
  readonly status: number;
  /** Messages by field; a field inside another is written `environments.0.value`. */
  readonly fields: Record<string, string>;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    const fields = fieldsOf(body);
    super(messageOf(status, body, fields));
    this.name = 'ApiError';
    this.status = status;
    this.fields = fields;
    this.body = body;
  }
}

/** The server did not answer at all. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('The server cannot be reached. Your changes are kept here; we try again by ourselves.', { cause });
    this.name = 'UnreachableError';
  }
}

/** What to tell the person, for whatever was thrown. */
export function messageFor(error: unknown): string {
  if (error instanceof ApiError || error instanceof UnreachableError) return error.message;
  return 'Something went wrong in this page. Reload it and try again.';
}

function messageOf(status: number, body: unknown, fields: Record<string, string>): string {
  if (isRecord(body)) {
    for (const key of ['detail', 'message', 'non_field_errors', 'error']) {
      const text = textOf(body[key]);
      if (text) return text;
    }
  }
  if (Array.isArray(body) && textOf(body)) return textOf(body) as string;
  const first = Object.entries(fields)[0];
  if (first) return `${readable(first[0])}: ${first[1]}`;
  if (status === 429) return 'Too many tries. Wait a minute and try again.';
  if (status === 403) return 'You do not have permission to do this.';
  if (status === 404) return 'This does not exist, or you may not see it.';
  return `The server answered with an error (${status}). Try again.`;
}

function fieldsOf(body: unknown, path = ''): Record<string, string> {
  if (Array.isArray(body)) {
    const text = textOf(body);
    if (text) return path ? { [path]: text } : {};
    return Object.assign({}, ...body.map((item, index) => fieldsOf(item, join(path, String(index)))));
  }
  if (isRecord(body)) {
    return Object.assign({}, ...Object.entries(body).map(([key, value]) => fieldsOf(value, join(path, key))));
  }
  return typeof body === 'string' && path && path !== 'detail' ? { [path]: body } : {};
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'))
    return value.join(' ');
  return undefined;
}

function readable(field: string): string {
  const words = field.replaceAll('_', ' ').replaceAll('.', ' › ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const join = (path: string, key: string) => (path ? `${path}.${key}` : key);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
