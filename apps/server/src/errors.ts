/** Messages by field; nested objects and lists keep their shape. */
export interface FieldErrors {
  [field: string]: string[] | FieldErrors | (FieldErrors | string[])[];
}

export type ErrorCode =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'too_large'
  | 'unsupported_media_type'
  | 'throttled'
  | 'bad_gateway'
  | 'unavailable';

const statuses: Record<ErrorCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  throttled: 429,
  bad_gateway: 502,
  unavailable: 503,
};

/** What a service throws when it refuses. The code decides the status; the body is what the client reads. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly body: unknown;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, body: unknown, headers: Record<string, string> = {}) {
    super(`${code}: ${JSON.stringify(body)}`);
    this.code = code;
    this.body = body;
    this.headers = headers;
  }

  get status(): number {
    return statuses[this.code];
  }
}

/** 400 with messages by field: `{"name":["…"]}`. */
export function invalid(errors: FieldErrors): RequestError {
  return new RequestError('invalid', errors);
}

/** 400 about fields that do not fit together: `{"non_field_errors":["…"]}`. */
export function invalidTogether(message: string): RequestError {
  return new RequestError('invalid', { non_field_errors: [message] });
}

/** 400 about the request as a whole: `["…"]`. */
export function invalidRequest(message: string): RequestError {
  return new RequestError('invalid', [message]);
}

/** 400 with a reason: `{"detail":"…"}`. */
export function refused(detail: string): RequestError {
  return new RequestError('invalid', { detail });
}

export function unauthenticated(detail = 'Authentication credentials were not provided.'): RequestError {
  return new RequestError('unauthenticated', { detail }, { 'WWW-Authenticate': 'Token realm="api"' });
}

export function forbidden(detail = 'You do not have permission to perform this action.'): RequestError {
  return new RequestError('forbidden', { detail });
}

export function notFound(detail = 'Not found.'): RequestError {
  return new RequestError('not_found', { detail });
}

export function throttled(seconds: number): RequestError {
  const wait = Math.max(1, Math.ceil(seconds));
  return new RequestError(
    'throttled',
    { detail: `Request was throttled. Expected available in ${wait} second${wait === 1 ? '' : 's'}.` },
    { 'Retry-After': String(wait) },
  );
}

export function unavailable(detail = 'The database cannot take this request now. Please try again.'): RequestError {
  return new RequestError('unavailable', { detail });
}
