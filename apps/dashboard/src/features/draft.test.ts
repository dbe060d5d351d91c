import type { FeaturePage } from '@halyard/contract';
import { expect, test } from 'vitest';
import { changesOf, type Draft, draftOf, merge, saveInput } from './draft.ts';

/** A feature in Development (1) and Production (2), overridden for segments 7 and 8 and for ada in Production. */
const page = {
  project: { id: 1, name: 'Shop' },
  feature: {
    id: 5,
    name: 'checkout',
    description: 'Old',
    is_archived: false,
    is_server_key_only: false,
    tags: [1],
    owners: [],
    group_owners: [],
    metadata: [],
    multivariate_options: [],
    version: 'f1',
  },
  environments: [
    {
      id: 1,
      name: 'Development',
      version: 'd1',
      state: served(true, 'a'),
      segment_overrides: [],
      identity_overrides: { count: 0, results: [] },
    },
    {
      id: 2,
      name: 'Production',
      version: 'p1',
      state: served(false, 'a'),
      segment_overrides: [
        { segment: { id: 7, name: 'Beta', rules: [] }, ...served(true, 'b') },
        { segment: { id: 8, name: 'Tenth', rules: [] }, ...served(true, 'c') },
      ],
      identity_overrides: { count: 1, results: [{ identity: { id: 3, identifier: 'ada' }, ...served(true, 'd') }] },
    },
  ],
} as unknown as FeaturePage;

function served(enabled: boolean, value: string) {
  return { enabled, value, weights: [] };
}

function edited(change: (draft: Draft) => void, from = page): Draft {
  const draft = structuredClone(draftOf(from));
  change(draft);
  return draft;
}

const production = (draft: Draft) => draft.environments[2] as NonNullable<Draft['environments'][number]>;

test('a draft that was not touched changes nothing', () => {
  expect(changesOf(draftOf(page), draftOf(page))).toEqual([]);
});

test('each thing that a draft changes is told with its environment', () => {
  const draft = edited((draft) => {
    production(draft).state.enabled = true;
    draft.settings.description = 'New';
  });

  const changes = changesOf(draftOf(page), draft);

  expect(changes.map(({ environment, what }) => [environment, what])).toEqual([
    [null, 'Description'],
    [2, 'On or off'],
  ]);
});

test('a save names only what changed, with the version that the draft began from', () => {
  const draft = edited((draft) => {
    production(draft).state.value = 'z';
  });

  const input = saveInput(page, draftOf(page), draft);

  expect(input).toEqual({ environments: [{ environment: 2, base: 'p1', state: { value: 'z' } }] });
});

test('overrides are saved as a whole list in their order', () => {
  const draft = edited((draft) => {
    production(draft).segment_overrides = production(draft).segment_overrides.toReversed();
  });

  const input = saveInput(page, draftOf(page), draft);

  expect(input.environments[0]?.segment_overrides?.map(({ segment }) => segment)).toEqual([8, 7]);
});

test('an identity override that was taken away is removed, and a new one set', () => {
  const draft = edited((draft) => {
    production(draft).identity_overrides = [{ identifier: 'grace', ...served(true, 'x') }];
  });

  const input = saveInput(page, draftOf(page), draft);

  expect(input.environments[0]?.identity_overrides).toEqual({
    set: [{ identifier: 'grace', ...served(true, 'x') }],
    remove: [{ identifier: 'ada' }],
  });
});

test('a variant that is new goes by a reference, and so does its weight', () => {
  const draft = edited((draft) => {
    draft.settings.variants = [{ id: -1, key: 'blue', value: 'blue', default_percentage_allocation: 0 }];
    production(draft).state.weights = [{ option: -1, percentage_allocation: 30 }];
  });

  const input = saveInput(page, draftOf(page), draft);

  expect(input.settings?.multivariate_options?.[0]).toMatchObject({ ref: '-1', key: 'blue', string_value: 'blue' });
  expect(input.environments[0]?.state?.weights).toEqual([{ option_ref: '-1', percentage_allocation: 30 }]);
});

test('what only one side changed is taken from that side', () => {
  const theirs = edited((draft) => {
    draft.settings.description = 'Theirs';
  });
  const mine = edited((draft) => {
    production(draft).state.enabled = true;
  });

  const { merged, conflicts } = merge(draftOf(page), theirs, mine);

  expect(conflicts).toEqual([]);
  expect(merged.settings.description).toBe('Theirs');
  expect(production(merged).state.enabled).toBe(true);
});

test('what both changed to the same is no conflict', () => {
  const both = edited((draft) => {
    production(draft).state.value = 'z';
  });

  expect(merge(draftOf(page), both, both).conflicts).toEqual([]);
});

test.each([
  ['mine', 'm'],
  ['theirs', 't'],
] as const)('where both changed the same differently, %s counts if one says so', (whose, value) => {
  const theirs = edited((draft) => {
    production(draft).state.value = 't';
  });
  const mine = edited((draft) => {
    production(draft).state.value = 'm';
  });

  const { merged, conflicts } = merge(draftOf(page), theirs, mine, { '2.value': whose });

  expect(conflicts).toMatchObject([{ path: '2.value', mine: 'm', theirs: 't' }]);
  expect(production(merged).state.value).toBe(value);
});

test('an environment that is gone by now takes its part of the draft with it', () => {
  const theirs = edited((draft) => {
    delete draft.environments[2];
  });
  const mine = edited((draft) => {
    production(draft).state.enabled = true;
  });

  expect(merge(draftOf(page), theirs, mine).merged.environments[2]).toBeUndefined();
});
