import { beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedMasterKey, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
const shop = 'https://github.com/acme/shop';
let acme: Tenant;
let checkout: number;

beforeEach(async () => {
  acme = await seedTenant(context.db);
  checkout = await makeFeature('checkout');
});

const send = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path: `/api/v1/projects/${acme.projectId}/${path}`, as, body });
const makeFeature = async (name: string): Promise<number> => (await send('POST', 'features/', { name })).body.id;
const found = (feature_name: string, file_path: string, line_number: number) => ({
  feature_name,
  file_path,
  line_number,
});
const report = (references: unknown[], scan: Record<string, unknown> = {}, as?: string) =>
  send(
    'POST',
    'code-references/',
    { repository_url: shop, revision: 'c0ffee', code_references: references, ...scan },
    as,
  );
const referencesOf = async (featureId: number) => (await send('GET', `features/${featureId}/code-references/`)).body;
const linksOf = async (featureId: number) =>
  (await referencesOf(featureId)).flatMap((one: any) => one.code_references.map((place: any) => place.permalink));

describe('a scan', () => {
  test('is answered as it was taken', async () => {
    const { status, body } = await report([found('checkout', './src/pay.ts', 12)]);

    expect(status).toBe(201);
    expect(body).toEqual({
      created_at: expect.any(String),
      project: acme.projectId,
      repository_url: shop,
      vcs_provider: 'github',
      revision: 'c0ffee',
      code_references: [found('checkout', 'src/pay.ts', 12)],
    });
  });

  test('shows each feature where it is named, by file and line, once', async () => {
    await report([
      found('checkout', 'src/pay.ts', 12),
      found('checkout', 'src/cart.ts', 3),
      found('checkout', 'src/pay.ts', 4),
      found('checkout', 'src/pay.ts', 4),
      found('search', 'src/search.ts', 1),
    ]);

    const [repository, ...others] = await referencesOf(checkout);
    expect(others).toEqual([]);
    expect(repository).toMatchObject({ repository_url: shop, vcs_provider: 'github', revision: 'c0ffee' });
    expect(repository.last_feature_found_at).toBe(repository.last_successful_repository_scanned_at);
    expect(repository.code_references.map((place: any) => [place.file_path, place.line_number])).toEqual([
      ['src/cart.ts', 3],
      ['src/pay.ts', 4],
      ['src/pay.ts', 12],
    ]);
  });

  test('replaces the one before it, of the same repository only', async () => {
    await report([found('checkout', 'src/pay.ts', 12)]);
    await report([found('checkout', 'app.py', 1)], { repository_url: 'https://github.com/acme/jobs' });
    await report([found('checkout', 'src/paying.ts', 14)], { revision: 'decade' });

    expect(await linksOf(checkout)).toEqual([
      `${shop}/blob/decade/src/paying.ts#L14`,
      'https://github.com/acme/jobs/blob/c0ffee/app.py#L1',
    ]);
  });

  test('that finds a feature no more leaves when it was last found', async () => {
    const first = await report([found('checkout', 'src/pay.ts', 12)]);
    const second = await report([]);

    expect(await referencesOf(checkout)).toMatchObject([
      {
        last_successful_repository_scanned_at: second.body.created_at,
        last_feature_found_at: first.body.created_at,
        code_references: [],
      },
    ]);
  });

  test('may name features that are made later, and features with long names', async () => {
    const long = 'a'.repeat(500);
    await report([found('later', 'src/later.ts', 1), found(long, 'src/long.ts', 2)]);

    expect(await linksOf(await makeFeature('later'))).toEqual([`${shop}/blob/c0ffee/src/later.ts#L1`]);
    expect(await linksOf(await makeFeature(long))).toEqual([`${shop}/blob/c0ffee/src/long.ts#L2`]);
  });

  test('of ten thousand lines is taken', async () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => found('checkout', 'src/generated.ts', index + 1));

    expect((await report(lines)).status).toBe(201);

    const [{ code_references_counts: counts }] = (await send('GET', 'features/')).body.results;
    expect(counts).toMatchObject([{ count: 10_000 }]);
    expect((await referencesOf(checkout))[0].code_references).toHaveLength(1000);
  });

  test.each([
    ['https://ci:secret@github.com/acme/shop.git/', shop],
    ['https://GitHub.com/acme/shop', shop],
    ['http://git.example.com:8080/acme/shop/', 'http://git.example.com:8080/acme/shop'],
  ])('from %s is kept without what is not the address', async (repository_url, kept) => {
    const { body } = await report([], { repository_url });

    expect(body.repository_url).toBe(kept);
    expect(JSON.stringify(await context.db.selectFrom('code_repositories').selectAll().execute())).not.toContain(
      'secret',
    );
  });

  test.each([
    [{ repository_url: 'javascript:alert(1)' }, { repository_url: ['Enter a valid URL.'] }],
    [{ repository_url: 'git@github.com:acme/shop' }, { repository_url: ['Enter a valid URL.'] }],
    [{ revision: '' }, { revision: ['This field may not be blank.'] }],
    [{ vcs_provider: 'floppy' }, { vcs_provider: ['"floppy" is not a valid choice.'] }],
    [
      { code_references: [{ feature_name: 'checkout', file_path: ' ', line_number: 1 }] },
      { code_references: [{ file_path: ['This field may not be blank.'] }] },
    ],
  ])('with %j is refused', async (scan, errors) => {
    const { status, body } = await report([], scan);

    expect([status, body]).toEqual([400, errors]);
    expect(await referencesOf(checkout)).toEqual([]);
  });
});

describe('a link', () => {
  test('keeps the site of the repository, whatever the path is', async () => {
    await report([found('checkout', '../../evil?x#y/<b>.ts', 1)], { revision: 'release/1.0' });

    expect(await linksOf(checkout)).toEqual([`${shop}/blob/release/1.0/../../evil%3Fx%23y/%3Cb%3E.ts#L1`]);
  });

  test.each([
    [{ repository_url: 'https://gitlab.com/acme/web/shop' }, 'https://gitlab.com/acme/web/shop/-/blob/c0ffee/a.ts#L9'],
    [
      { repository_url: 'https://git.example.com/acme/shop', vcs_provider: 'gitlab' },
      'https://git.example.com/acme/shop/-/blob/c0ffee/a.ts#L9',
    ],
    [{ repository_url: 'https://git.example.com/acme/shop' }, 'https://git.example.com/acme/shop/blob/c0ffee/a.ts#L9'],
  ])('to %j leads to %s', async (scan, link) => {
    await report([found('checkout', 'a.ts', 9)], scan);

    expect(await linksOf(checkout)).toEqual([link]);
  });
});

test('lists of features count, for every repository that was scanned', async () => {
  await makeFeature('search');
  await report([found('checkout', 'a.ts', 1), found('checkout', 'a.ts', 2)]);
  await report([found('search', 'b.ts', 1)], { repository_url: 'https://github.com/acme/jobs' });

  const { body } = await send('GET', 'features/');

  const counts = body.results.map((feature: any) => [
    feature.name,
    feature.code_references_counts.map((one: any) => [
      one.repository_url,
      one.count,
      one.last_feature_found_at !== null,
    ]),
  ]);
  expect(counts).toEqual([
    [
      'checkout',
      [
        [shop, 2, true],
        ['https://github.com/acme/jobs', 0, false],
      ],
    ],
    [
      'search',
      [
        [shop, 0, false],
        ['https://github.com/acme/jobs', 1, true],
      ],
    ],
  ]);
});

test('the page of a feature holds the first places, and how many there are', async () => {
  await report(Array.from({ length: 30 }, (_, index) => found('checkout', 'a.ts', index + 1)));

  const { body } = await send('GET', `features/${checkout}/page/`);

  expect(body.code).toMatchObject([{ repository_url: shop, count: 30, revision: 'c0ffee' }]);
  expect(body.code[0].places).toHaveLength(20);
  expect(body.code[0].places[0]).toEqual({
    file_path: 'a.ts',
    line_number: 1,
    permalink: `${shop}/blob/c0ffee/a.ts#L1`,
  });
});

describe('who may see the project', () => {
  test('may report, which changes nothing that SDKs get and is not in the audit log', async () => {
    const { userId, authorization } = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const place = { organisationId: acme.organisationId, projectId: acme.projectId };
    await seedGrant(context.db, { ...place, to: { userId }, permissions: ['VIEW_PROJECT'] });
    const changes = () => context.db.selectFrom('changes').selectAll().execute();
    const before = await changes();

    expect((await report([found('checkout', 'a.ts', 1)], {}, authorization)).status).toBe(201);

    expect(await changes()).toEqual(before);
  });

  test('is who may report, and nobody else', async () => {
    const key = await seedMasterKey(context.db, { organisationId: acme.organisationId, isAdmin: false });

    expect((await report([], {}, key)).status).toBe(403);
    expect((await report([], {}, acme.member)).status).toBe(403);
    expect((await report([], {}, acme.masterKey)).status).toBe(201);
  });

  test('sees nothing of a feature that is deleted', async () => {
    await report([found('checkout', 'a.ts', 1)]);
    await send('DELETE', `features/${checkout}/`);

    expect((await send('GET', `features/${checkout}/code-references/`)).status).toBe(404);
  });
});
