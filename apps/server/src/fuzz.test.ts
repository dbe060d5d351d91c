import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { routes } from './app.ts';
import { type TestRequest, testContext } from './testing/context.ts';
import { bodiesFor, type KnownValues, type Mood, pathPartsFor, queriesFor, type Schema } from './testing/hostile.ts';
import { brokenDocuments, brokenInvariants } from './testing/invariants.ts';
import { type PublishedSchemas, publishedSchemas } from './testing/published-schemas.ts';
import { seedTenant } from './testing/seed.ts';
import { makeVictim, type Victim } from './testing/victim.ts';

/*
 * Requests made from our own OpenAPI document, right and wrong, against a tenant with real objects. Whatever comes: no
 * answer is a 5xx, every good answer is as published, and every row holds what it must. FUZZ_SEED and FUZZ_RUNS change
 * what is tried; a failure prints both the seed and the request.
 */

const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
// The other databases repeat what SQLite has seen, for what only they refuse: fewer runs, in the time that a test run has.
const runs = Number(process.env.FUZZ_RUNS ?? (process.env.TEST_DATABASE_URL ? 4 : 9));

interface Operation {
  operationId: string;
  parameters?: { name: string; in: 'path' | 'query'; required: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

const context = testContext({ LOGIN_THROTTLE_RATE: '100000/min' });
let schemas: PublishedSchemas;
let rival: Victim;
const operations = new Map<string, Operation>();

beforeAll(async () => {
  console.log(`fuzz: seed ${seed}, ${runs} runs of each operation that changes something`);
  schemas = await publishedSchemas(context);
  rival = await makeVictim(context, await seedTenant(context.db));
  const { body } = await context.request({ path: '/api/v1/swagger.json' });
  for (const methods of Object.values(body.paths as Record<string, Record<string, Operation>>)) {
    for (const operation of Object.values(methods)) operations.set(operation.operationId, operation);
  }
});

test.each(routes.map((route) => route.endpoint.id))('%s', async (id) => {
  const victim = await victimFor(id);
  const errors = routes.find((route) => route.endpoint.id === id)?.endpoint.errors ?? [];

  await fc.assert(
    fc.asyncProperty(requestsTo(id, victim), async (request) => {
      const answer = await context.request(request);

      // Who asks another service says so, and 502 where it fails.
      const isTold = answer.status === 502 && errors.includes(502);
      expect([answer.status < 500 || isTold, answer.status, answer.body]).toEqual([true, answer.status, answer.body]);
      if (answer.status < 300) expect(schemas.problemsOf(id, answer)).toEqual([]);
      else expect(typeof answer.body).toBe('object');
      if (!isRead(id)) expect(await brokenInvariants(context.db)).toEqual([]);
    }),
    { seed, numRuns: isRead(id) ? Math.ceil(runs / 3) : runs, endOnFailure: true },
  );
  expect(await brokenDocuments(context, victim.projectId)).toEqual([]);
});

let shared: { victim: Victim; operations: number } | null = null;

/** Deleting gets a victim of its own; what adds and changes leaves enough of one for some operations more. */
async function victimFor(id: string): Promise<Victim> {
  const make = async () => makeVictim(context, await seedTenant(context.db));
  if (methodOf(id) === 'DELETE') return make();
  if (shared === null || shared.operations === 8) shared = { victim: await make(), operations: 0 };
  shared.operations += 1;
  return shared.victim;
}

function isRead(id: string): boolean {
  return methodOf(id) === 'GET';
}

function methodOf(id: string): string | undefined {
  return routes.find((route) => route.endpoint.id === id)?.endpoint.method;
}

function requestsTo(id: string, victim: Victim): fc.Arbitrary<TestRequest> {
  const endpoint = routes.find((route) => route.endpoint.id === id)?.endpoint;
  const operation = operations.get(id);
  if (endpoint === undefined || operation === undefined) throw new Error(`${id} is not published`);
  const names = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
  const schema = operation.requestBody && Object.values(operation.requestBody.content)[0]?.schema;
  const queries = operation.parameters?.filter((parameter) => parameter.in === 'query') ?? [];
  const oddActors = [victim.masterKey, victim.member, 'Token nonsense', 'Api-Key x', '\u00e9'];
  const requestsIn = (mood: Mood, known: KnownValues) =>
    fc
      .tuple(
        fc.tuple(...names.map((name) => pathPartsFor(name, known, mood))),
        queriesFor(queries, known, mood),
        schema === undefined ? fc.constant(null) : bodiesFor(schema, known, mood),
        mood === 'fitting' ? fc.constant(victim.admin) : fc.constantFrom(...oddActors, ...Array(20).fill(victim.admin)),
      )
      .map(([values, query, body, as]): TestRequest => {
        const path = names.reduce(
          (path, name, i) => path.replace(`{${name}}`, () => values[i] as string),
          endpoint.path,
        );
        // A stream that follows would never end.
        const asked = endpoint.stream ? `follow=false&${query}` : query;
        return {
          method: endpoint.method,
          path: asked === '' ? path : `${path}?${asked}`,
          as,
          ...(body !== null && {
            body: body.text,
            headers: { ...(body.type !== null && { 'content-type': body.type }) },
          }),
        };
      });
  const own = knownTo(victim, id);
  // The rival's values among the victim's own.
  const others = knownTo(rival, id);
  const allNames = Object.keys(own.byName);
  const mixed: KnownValues = {
    byName: Object.fromEntries(
      allNames.map((name) => [
        name,
        [...(own.byName[name] ?? []), ...(own.byName[name] ?? []), ...(others.byName[name] ?? []).slice(0, 1)],
      ]),
    ),
    ids: [...own.ids, ...others.ids],
    texts: own.texts,
  };
  return fc.oneof(
    { weight: 2, arbitrary: requestsIn('fitting', own) },
    { weight: 3, arbitrary: requestsIn('odd', mixed) },
  );
}

/** The values of a tenant by the names that paths and bodies give them. */
function knownTo(tenant: Victim, operationId: string): KnownValues {
  const byName: KnownValues['byName'] = {};
  for (const [name, value] of Object.entries(tenant.params)) {
    byName[name] = [value];
    // A body names `feature` what a path names `feature_id`.
    const short = name.replace(/_id$/, '');
    byName[short] = [value];
  }
  const { leftover } = tenant;
  Object.assign(byName, {
    environment: [tenant.production.id],
    feature: [leftover.feature, leftover.feature, tenant.params.feature_id],
    segment: [leftover.segment, leftover.secondSegment, tenant.params.segment_id],
    feature_segment: [leftover.featureSegment, tenant.params.feature_segment_id],
    source_identity_id: [leftover.identity],
    uuid: Object.values(tenant.uuids),
    email: ['someone@example.com', `${tenant.organisationId}@example.com`],
    password: ['a long and Unusual passphrase 7'],
    ...(operationId === 'updatePriorities' && { id: [leftover.featureSegment, tenant.params.feature_segment_id] }),
    ...(operationId === 'removeMembers' && { id: [tenant.params.user_id] }),
  });
  return {
    byName,
    ids: [...Object.values(tenant.params), ...Object.values(leftover)].filter((value) => typeof value === 'number'),
    texts: ['victims-own-feature', 'victims-own-segment', 'victims-own-identity', 'Production', 'unicode'],
  };
}
