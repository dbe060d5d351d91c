import { type Asked, askedFrom } from './person.ts';

/** What a link to the playground says. */
export interface PlaygroundSearch {
  people?: Asked[] | undefined;
  /** Ids; without them every environment. */
  environments?: number[] | undefined;
  /** Part of a feature's name. */
  q?: string | undefined;
  /** Only features of which not everybody gets the same. */
  different?: boolean | undefined;
  /** The result that is explained: feature, environment and place of the person, with dots between. */
  why?: string | undefined;
}

/** Reads an address, leaving out what is none. */
export function playgroundSearch(search: Record<string, unknown>): PlaygroundSearch {
  const people = askedFrom(search.people);
  const environments = Array.isArray(search.environments)
    ? search.environments.map(Number).filter((id) => Number.isInteger(id) && id > 0)
    : [];
  const found: PlaygroundSearch = {
    people: people.length > 0 ? people.slice(0, 20) : undefined,
    environments: environments.length > 0 ? environments : undefined,
    q: typeof search.q === 'string' || typeof search.q === 'number' ? String(search.q) || undefined : undefined,
    different: search.different === true || undefined,
    why: /^\d+\.\d+\.\d+$/.test(String(search.why)) ? String(search.why) : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
