import type { TraitValue } from '@halyard/contract';
import { query } from 'jsonpath-rfc9535';
import parse from 'jsonpath-rfc9535/parser';
import type { Frame } from './values.ts';

/** Finds what a condition's property stands for. Undefined and null both mean "not set". */
export type Lookup = (frame: Frame) => TraitValue | undefined;

/**
 * What JSONPath queries see beside the identity. `root` is a whole evaluation context, whose identity is put in per evaluation;
 * without one a query sees the environment's key and name and the identity.
 */
export interface PathScope {
  environment: { key: string; name: string };
  root?: Readonly<Record<string, unknown>>;
}

/**
 * Prepares the lookup of a property. A name is a trait key. A name that starts with `$.` is a trait key first, and where no such
 * trait is set, a JSONPath (RFC 9535) into the evaluation context, whose first node counts if it is a scalar.
 */
export function compileLookup(property: string, scope: PathScope): Lookup {
  const trait: Lookup = (frame) => frame.traits.get(property);
  if (!property.startsWith('$.')) return trait;
  const path = readPath(property);
  if ('problem' in path) return trait;
  const follow = 'names' in path ? followNames(path.names, scope) : followQuery(property, scope);
  return (frame) => {
    const own = frame.traits.get(property);
    return own === undefined || own === null ? follow(frame) : own;
  };
}

/**
 * Reads a JSONPath. `names` are the steps of a path that leads to at most one place. Other queries go through the library,
 * and only those whose cost grows in proportion to what they look at: `problem` says why a path is none of these, `invalid` that it is no
 * JSONPath at all, which makes it the name of a trait.
 */
export function readPath(
  path: string,
): { names: (string | number)[] } | { query: true } | { problem: string; invalid: boolean } {
  if (path.length > longestPath) {
    return { problem: `The JSONPath is longer than ${longestPath} characters.`, invalid: false };
  }
  let segments: readonly PathNode[];
  try {
    segments = parse(path).segments as unknown as PathNode[];
  } catch {
    return { problem: 'This is not a valid JSONPath, so it is read as the name of a trait.', invalid: true };
  }
  const names: (string | number)[] = [];
  for (const segment of segments) {
    const name = nameOfSegment(segment);
    if (name === undefined) return isBounded(segments) ? { query: true } : { problem: unboundedPath, invalid: false };
    names.push(name);
  }
  return { names };
}

const longestPath = 1000;
const mostTraitsOfAQuery = 1000;
const unboundedPath =
  'This JSONPath cannot be used here: match() and search() are not available, and wildcards, filters, slices, lists and ".." may be used twice at most and not within a filter.';

interface PathNode {
  type: string;
  [part: string]: unknown;
}

function followNames(names: readonly (string | number)[], scope: PathScope): Lookup {
  const [first, second, third] = names;
  if (first === 'identity' && names.length === 2) {
    if (second === 'identifier') return (frame) => frame.identifier;
    if (second === 'key') return (frame) => frame.key;
    return nothing;
  }
  if (first === 'identity') {
    if (second !== 'traits' || names.length !== 3 || typeof third !== 'string') return nothing;
    return (frame) => scalarOf(frame.traits.get(third));
  }
  const root = scope.root ?? { environment: scope.environment };
  let place: unknown = root;
  for (const name of names) place = childOf(place, name);
  const value = scalarOf(place);
  return () => value;
}

function followQuery(path: string, scope: PathScope): Lookup {
  return (frame) => {
    if (frame.traits.size > mostTraitsOfAQuery) return undefined;
    // Queries are slow and rare, so none is free.
    frame.effort -= (frame.traits.size + 10) * (40 + path.length);
    if (frame.effort < 0) return undefined;
    try {
      return scalarOf(query(enrichedContext(frame, scope) as Parameters<typeof query>[0], path)[0]);
    } catch {
      // The library refuses what no JSON document holds, such as a cycle: nothing is set there.
      return undefined;
    }
  };
}

function enrichedContext(frame: Frame, scope: PathScope): Record<string, unknown> {
  const context: Record<string, unknown> = Object.create(null);
  if (scope.root === undefined) context.environment = scope.environment;
  else for (const [name, value] of Object.entries(scope.root)) context[name] = value;
  // Whoever the root was made for, this evaluation is for the identity of the frame.
  context.identity = null;
  if (frame.identifier !== null) {
    const traits: Record<string, unknown> = Object.create(null);
    for (const [name, value] of frame.traits) traits[name] = value;
    context.identity = { identifier: frame.identifier, key: frame.key, traits };
  }
  return context;
}

function nothing(): undefined {
  return undefined;
}

function scalarOf(value: unknown): TraitValue | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function childOf(place: unknown, name: string | number): unknown {
  if (typeof place !== 'object' || place === null) return undefined;
  if (typeof name === 'number') return Array.isArray(place) ? place.at(name) : undefined;
  if (Array.isArray(place) || !Object.hasOwn(place, name)) return undefined;
  return (place as Record<string, unknown>)[name];
}

function nameOfSegment(segment: PathNode): string | number | undefined {
  if (segment.type !== 'ChildSegment' && segment.type !== 'SingularQuerySegment') return undefined;
  const node = segment.node as PathNode;
  const selectors = node.type === 'BracketedSelection' ? (node.selectors as PathNode[]) : [node];
  const [selector] = selectors;
  if (selectors.length !== 1 || selector === undefined) return undefined;
  switch (selector.type) {
    case 'NameSelector':
    case 'MemberNameShorthand':
    case 'IndexSelector':
      return selector.value as string | number;
    default:
      return undefined;
  }
}

/** Each of these steps may lead to many places; two in a row visit a context twice over, three would be a power of its size. */
function isBounded(segments: readonly PathNode[]): boolean {
  let wideSteps = 0;
  for (const segment of segments) {
    if (segment.type === 'DescendantSegment') wideSteps++;
    const node = segment.node as PathNode;
    const selectors = node.type === 'BracketedSelection' ? (node.selectors as PathNode[]) : [node];
    if (selectors.length > 1) wideSteps++;
    if (selectors.length > 8) return false;
    for (const selector of selectors) {
      if (selector.type === 'WildcardSelector' || selector.type === 'SliceSelector') wideSteps++;
      if (selector.type === 'FilterSelector') {
        wideSteps++;
        if (!isBoundedFilter(selector.value)) return false;
      }
    }
  }
  return wideSteps <= 2;
}

function isBoundedFilter(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return true;
  if (Array.isArray(part)) return part.every(isBoundedFilter);
  const node = part as PathNode;
  if (node.type === 'FunctionExpr' && (node.name === 'match' || node.name === 'search')) return false;
  if (Array.isArray(node.segments)) {
    return (node.segments as PathNode[]).every((segment) => nameOfSegment(segment) !== undefined);
  }
  return Object.values(node).every(isBoundedFilter);
}
