import { RE2JS } from 're2js';
import { affords, type Frame } from './values.ts';

/** A pattern that matches at the start of a text and need not reach its end. */
export interface StartPattern {
  matches(text: string, frame: Frame): boolean;
}

/**
 * Compiles a pattern with an engine whose time is in proportion to text length times pattern size, whatever the pattern; `problem` says
 * why a pattern is refused. A match that would cost more than its evaluation may still spend counts as no match: with a pattern
 * of 20 steps that is a text of 25,000 characters.
 */
export function compileStartPattern(pattern: string): StartPattern | { problem: string } {
  let compiled = recent.get(pattern);
  if (compiled === undefined) {
    compiled = compile(pattern);
    if (recent.size >= mostRecent) recent.delete(recent.keys().next().value as string);
    recent.set(pattern, compiled);
  }
  return compiled;
}

const longestPattern = 1000;
const largestProgram = 1000;

/** A new version of a document has mostly the patterns of the one before it. */
const recent = new Map<string, StartPattern | { problem: string }>();
const mostRecent = 500;

function compile(pattern: string): StartPattern | { problem: string } {
  if (pattern.length > longestPattern) return { problem: `The pattern is longer than ${longestPattern} characters.` };
  let regex: RE2JS;
  try {
    // What is no pattern by itself, such as `a)|(b`, must not become one inside the group.
    if (pattern.includes(')')) RE2JS.compile(pattern);
    regex = RE2JS.compile(`\\A(?:${pattern})`);
  } catch (error) {
    return { problem: `The pattern is not valid: ${error instanceof Error ? error.message : String(error)}.` };
  }
  const size = regex.programSize();
  if (size > largestProgram) return { problem: 'The pattern is too large: use fewer or smaller repetitions.' };
  return {
    matches(text, frame) {
      return affords(frame, text.length * size) && regex.test(text);
    },
  };
}
