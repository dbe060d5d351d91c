import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentDocument, EvaluationContext, EvaluationResult, TraitValue } from '@halyard/contract';
import { type ParseError, parse } from 'jsonc-parser';
import { compileDocument, evaluateContext } from '../index.ts';

/** One conformance case: a context, or a document with an identity, and what must come out. */
export interface Case {
  /** File, and the name of the case where a file holds several. */
  name: string;
  input:
    | { context: EvaluationContext }
    | {
        document: EnvironmentDocument;
        identity: { identifier: string; key?: string; traits?: Record<string, TraitValue> } | null;
      };
  result: EvaluationResult;
}

/**
 * Reads the cases of a folder in order of file name: `.json` and `.jsonc` files that hold one case or an array of them.
 * Files that hold neither, such as a schema, are passed over. Throws on a file that is not JSON with comments.
 */
export function readCases(folder: string): Case[] {
  return readdirSync(folder)
    .filter((file) => /\.jsonc?$/.test(file))
    .sort()
    .flatMap((file) => readCasesOfFile(join(folder, file), file));
}

/** Evaluates a case and describes the first few places where the result differs; none means it passed. */
export function checkCase({ input, result }: Case): string[] {
  const actual =
    'context' in input ? evaluateContext(input.context) : evaluateDocument(input.document, input.identity ?? null);
  return differences(result, actual, '').slice(0, 5);
}

/**
 * Where two JSON values differ, strictly: a missing field is not null, 1 is not true. Prototypes do not count,
 * because results have none where JSON has one.
 */
export function differences(expected: unknown, actual: unknown, path: string): string[] {
  if (!isContainer(expected) || !isContainer(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return Object.is(expected, actual) ? [] : [`${path || '/'}: expected ${show(expected)}, got ${show(actual)}`];
  }
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...names].flatMap((name) => differences(field(expected, name), field(actual, name), `${path}/${name}`));
}

function evaluateDocument(
  document: EnvironmentDocument,
  identity: Extract<Case['input'], { document: unknown }>['identity'],
) {
  const compiled = compileDocument(document);
  if (identity === null) return compiled.evaluate(null);
  return compiled.evaluate({ ...identity, traits: new Map(Object.entries(identity.traits ?? {})) });
}

function readCasesOfFile(path: string, file: string): Case[] {
  const content = parseFile(readFileSync(path, 'utf8'), file);
  if (Array.isArray(content)) return content.map((entry) => caseOf(`${file}: ${entry.name}`, entry));
  return isContainer(content) && 'context' in content && 'result' in content ? [caseOf(file, content)] : [];
}

function parseFile(text: string, file: string): unknown {
  try {
    // Without comments first: the reader of comments loses what is named `__proto__`.
    return JSON.parse(text);
  } catch {
    return parseWithComments(text, file);
  }
}

function parseWithComments(text: string, file: string): unknown {
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors);
  if (errors.length > 0) throw new Error(`${file} is not JSON with comments (offset ${errors[0]?.offset}).`);
  return content;
}

function caseOf(name: string, entry: object): Case {
  const { result, ...input } = entry as { result: EvaluationResult } & Case['input'];
  return { name, input, result };
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const missing = Symbol('missing');

function field(container: object, name: string): unknown {
  return Object.hasOwn(container, name) ? (container as Record<string, unknown>)[name] : missing;
}

function show(value: unknown): string {
  return value === missing ? 'nothing' : (JSON.stringify(value) ?? String(value));
}
