import { aDocument, aFeatureState, aPublished } from '@halyard/testkit';
import { expect, test } from 'vitest';
import { testEdge } from '../testing/edge.ts';
import type { EvaluationListener, IdentityEvaluation } from './listener.ts';

/** An Edge whose listener is interested as `state.interest` says, and keeps what it hears. */
function serve() {
  const state = { interest: 'somebody' as string | null, nowMs: 1_000_000, fails: false, asked: 0 };
  const heard: IdentityEvaluation[] = [];
  const evaluations: EvaluationListener = {
    interestIn() {
      state.asked++;
      return state.interest;
    },
    async hear(told) {
      if (state.fails) throw new Error('no database');
      heard.push(...told);
    },
  };
  const document = aDocument({ feature_states: [aFeatureState({ name: 'checkout', value: 'blue' })] });
  const edge = testEdge([aPublished({ document })], { evaluations, now: () => state.nowMs });
  return { ...edge, state, heard };
}

const identify = (identifier: string) => `/api/v1/identities/?identifier=${identifier}`;

test('a listener hears what an identity was served, after the answer', async () => {
  const { edge, post, heard } = serve();
  const traits = [
    { trait_key: 'plan', trait_value: 'pro' },
    { trait_key: 'mood', trait_value: 'good', transient: true },
  ];
  const { json } = await post('/api/v1/identities/', { identifier: 'ada', traits });
  const before = heard.length;

  await edge.flush();

  expect(before).toBe(0);
  expect(heard).toMatchObject([
    {
      environmentId: 7,
      identifier: 'ada',
      traits: [{ id: json.traits[0].id, key: 'plan', value: 'pro' }],
      flags: [{ name: 'checkout', enabled: true, value: 'blue', percentageAllocation: null }],
    },
  ]);
  expect(JSON.parse(heard[0]?.flags[0]?.json as string)).toEqual(json.flags[0]);
});

test('where nobody is interested nothing is kept, and nobody hears', async () => {
  const { edge, get, heard, state } = serve();
  state.interest = null;
  await get(identify('ada'));
  state.interest = 'somebody';

  await edge.flush();

  expect(heard).toEqual([]);
});

test('requests for flags, traits or a document do not even ask who is interested', async () => {
  const { edge, get, post, state } = serve();
  await get('/api/v1/flags/');
  await post('/api/v1/traits/', { identity: { identifier: 'ada' }, trait_key: 'plan', trait_value: 'pro' });
  await post('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'ada' } });

  await edge.flush();

  expect(state.asked).toBe(0);
});

test('an identity that comes again soon is no news; it is after a minute, and to somebody new', async () => {
  const { edge, get, heard, state } = serve();
  const comes = async () => {
    await get(identify('ada'));
    await edge.flush();
    return heard.length;
  };
  // The first request makes the identity, the second finds it; from then on it is the same.
  await comes();
  const known = await comes();

  const counts = [await comes(), await comes()];
  state.nowMs += 60_000;
  counts.push(await comes(), await comes());
  state.interest = 'somebody and somebody else';
  counts.push(await comes(), await comes());

  expect(counts.map((count) => count - known)).toEqual([0, 0, 1, 1, 2, 2]);
});

test('an answer from memory is told like the first', async () => {
  const { edge, get, heard, state } = serve();
  state.interest = null;
  for (let i = 0; i < 4; i++) await get(identify('ada'));
  state.interest = 'somebody';
  await get(identify('ada'));

  await edge.flush();

  expect(heard).toMatchObject([{ identifier: 'ada', flags: [{ name: 'checkout' }] }]);
});

test('of too many identities at once the first are told, and the others are counted', async () => {
  const { edge, get, heard, logged } = serve();
  for (let i = 0; i < 520; i++) await get(identify(`user${i}`));

  await edge.flush();

  expect([heard.length, heard.at(-1)?.identifier]).toEqual([500, 'user499']);
  expect(logged).toEqual(['too many identities at once to tell them all']);
});

test('a listener that fails disturbs nobody, and hears the next', async () => {
  const { edge, get, heard, logged, state } = serve();
  state.fails = true;
  const { status } = await get(identify('ada'));
  await edge.flush();
  state.fails = false;
  await get(identify('bob'));

  await edge.flush();

  expect([status, logged]).toEqual([200, ['identities could not be told']]);
  expect(heard.map(({ identifier }) => identifier)).toEqual(['bob']);
});
