import { refused } from '../errors.ts';

const maxDepth = 64;

/** Reads a JSON body. @throws RequestError 400 for broken UTF-8, broken JSON or more than 64 levels. */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  refuseDeepNesting(bytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('JSON parse error - the body is not UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused(`JSON parse error - ${(error as SyntaxError).message}`);
  }
}

/** Counts brackets outside strings before anything recursive sees the value. */
function refuseDeepNesting(bytes: Buffer): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) throw refused(`JSON parse error - more than ${maxDepth} levels of nesting`);
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
}
