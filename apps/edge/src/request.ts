import { Refusal } from './responses.ts';

/** One HTTP request as a runtime hands it over, whole. */
export interface EdgeRequest {
  method: string;
  /** As sent: still percent-encoded, without the query. */
  path: string;
  /** What follows the question mark; '' where there is none. */
  query: string;
  /** By lower-case name. */
  header(name: string): string | undefined;
  body: Uint8Array;
}

const maxDepth = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The path in the one form that routes know: no duplicate slashes, no slash at the end. */
export function normalPath(path: string): string {
  let normal = path.includes('//') ? path.replaceAll(/\/{2,}/g, '/') : path;
  if (normal.length > 1 && normal.endsWith('/')) normal = normal.slice(0, -1);
  return normal;
}

/** The query's parameters. Broken percent-encoding becomes replacement characters, never an error. */
export function readQuery(request: EdgeRequest): URLSearchParams {
  return new URLSearchParams(request.query);
}

/**
 * The value of a JSON body.
 * @throws {Refusal} 415 for another content type; 400 for broken UTF-8, broken JSON or more than 64 levels.
 */
export function readJson(request: EdgeRequest): unknown {
  const type = request.header('content-type');
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new Refusal(415, { detail: `Unsupported media type "${type.slice(0, 200)}" in request.` });
  }
  const text = decode(request.body);
  if (nestsTooDeep(text)) {
    throw new Refusal(400, { detail: `JSON parse error - more than ${maxDepth} levels of nesting` });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, { detail: `JSON parse error - ${(error as SyntaxError).message}` });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal(400, { detail: 'JSON parse error - the body is not UTF-8' });
  }
}

/** Counts brackets outside strings before anything recursive sees the value. */
function nestsTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}
