import { jwtVerify } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { testGithubApp, testTracker } from '../testing/trackers.ts';

const github = testTracker();
const app = testGithubApp();
const variables: Record<string, string> = { ...app.settings, OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' };
beforeAll(() => {
  variables.GITHUB_API_URL = github.url;
});
const context = testContext(variables);
let acme: Tenant;
let installation = 100;

beforeEach(async () => {
  acme = await seedTenant(context.db);
  installation += 1;
  github.answers[`POST /app/installations/${installation}/access_tokens`] = { status: 201, body: { token: 'ghs_1' } };
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const send = (method: Method, path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path: `/api/v1/organisations/${acme.organisationId}/${path}`, as, body });
const connect = async () =>
  (await send('POST', 'integrations/github/', { installation_id: String(installation) })).body.id as number;
const addRepository = async (body: object = {}) => {
  const id = await connect();
  const repository = { project: acme.projectId, repository_owner: 'acme', repository_name: 'shop', ...body };
  return (await send('POST', `integrations/github/${id}/repositories/`, repository)).body;
};

describe('an organisation', () => {
  test('has one installation, which it can change and remove', async () => {
    const created = await send('POST', 'integrations/github/', { installation_id: installation });
    const path = `integrations/github/${created.body.id}/`;

    const again = await send('POST', 'integrations/github/', { installation_id: '1' });
    const changed = await send('PATCH', path, { installation_id: String(installation + 5000) });
    const listed = await send('GET', 'integrations/github/', undefined, acme.member);
    const removed = await send('DELETE', path);

    expect([created.status, created.body]).toEqual([
      201,
      { id: expect.any(Number), installation_id: String(installation), organisation: acme.organisationId },
    ]);
    expect([again.status, again.body]).toEqual([400, ['This integration already exists for this organisation.']]);
    expect(listed.body).toMatchObject({ count: 1, results: [changed.body] });
    expect(removed.status).toBe(204);
    expect((await send('GET', path)).status).toBe(404);
    expect((await send('GET', 'integrations/github/')).body.results).toEqual([]);
  });

  test('sees in its settings what it is connected with', async () => {
    const repository = await addRepository({ tagging_enabled: true });

    const { body } = await send('GET', 'integration-settings/');

    expect(body.github).toEqual({
      is_available: true,
      integration: { id: expect.any(Number), installation_id: String(installation), organisation: acme.organisationId },
      repositories: [repository],
    });
  });

  test('gets no installation that another one uses, not even at the same moment', async () => {
    const rival = await seedTenant(context.db);
    const wanted = { installation_id: String(installation) };

    const answers = await Promise.all(
      [acme, rival].map((tenant) =>
        context.request({
          method: 'POST',
          path: `/api/v1/organisations/${tenant.organisationId}/integrations/github/`,
          as: tenant.admin,
          body: wanted,
        }),
      ),
    );

    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400]);
    expect(answers.find(({ status }) => status === 400)?.body).toEqual({
      installation_id: ['Another organisation uses this installation.'],
    });
  });

  test('leaves its installation to others when it is deleted', async () => {
    await connect();
    const rival = await seedTenant(context.db);
    const path = `/api/v1/organisations/${rival.organisationId}/integrations/github/`;
    const body = { installation_id: String(installation) };
    const request = { method: 'POST' as const, path, as: rival.admin, body };

    const before = await context.request(request);
    await send('DELETE', '');
    const after = await context.request(request);

    expect([before.status, after.status]).toEqual([400, 201]);
  });

  test('lets only administrators change anything', async () => {
    const id = await connect();

    expect((await send('POST', 'integrations/github/', { installation_id: '1' }, acme.member)).status).toBe(403);
    expect((await send('DELETE', `integrations/github/${id}/`, undefined, acme.member)).status).toBe(403);
    expect((await send('GET', 'github/repositories/', undefined, acme.member)).status).toBe(403);
  });

  test.each(['', 'abc', '1/../2'])('is refused the installation "%s"', async (installation_id) => {
    expect((await send('POST', 'integrations/github/', { installation_id })).status).toBe(400);
  });
});

describe('a repository', () => {
  test('is added to a project, changed and removed', async () => {
    const created = await addRepository();
    const path = `integrations/github/${created.github_configuration}/repositories/`;

    const changed = await send('PATCH', `${path}${created.id}/`, { tagging_enabled: true });
    const listed = await send('GET', path);
    const removed = await send('DELETE', `${path}${created.id}/`);

    expect(created).toMatchObject({ project: acme.projectId, repository_owner: 'acme', tagging_enabled: false });
    expect(changed.body).toEqual({ ...created, tagging_enabled: true });
    expect(listed.body.results).toEqual([changed.body]);
    expect([removed.status, (await send('GET', path)).body.count]).toEqual([204, 0]);
  });

  test('is added to a project once, and to none of another organisation', async () => {
    const { github_configuration } = await addRepository();
    const path = `integrations/github/${github_configuration}/repositories/`;
    const body = { repository_owner: 'acme', repository_name: 'shop' };
    const rival = await seedTenant(context.db);

    const again = await send('POST', path, { ...body, project: acme.projectId });
    const foreign = await send('POST', path, { ...body, project: rival.projectId });

    expect(again.body).toEqual({ non_field_errors: ['The project uses this repository already.'] });
    expect(foreign.body).toEqual({ project: [`Invalid pk "${rival.projectId}" - object does not exist.`] });
  });

  test.each(['..', 'a/b', 'a?b', ''])('is not called "%s"', async (repository_name) => {
    const id = await connect();
    const body = { project: acme.projectId, repository_owner: 'acme', repository_name };

    expect((await send('POST', `integrations/github/${id}/repositories/`, body)).status).toBe(400);
  });
});

describe('browsing', () => {
  test('asks as the app, for the installation of the organisation', async () => {
    await connect();
    const repositories = [{ id: 5, name: 'shop', full_name: 'acme/shop', private: true }];
    github.answers['GET /installation/repositories'] = { body: { total_count: 250, repositories } };

    const { status, body } = await send('GET', 'github/repositories/?page=2&page_size=100');

    expect([status, body]).toEqual([
      200,
      { results: [{ id: 5, name: 'shop', full_name: 'acme/shop' }], next: 3, previous: 1, total_count: 250 },
    ]);
    const [token, list] = github.requests;
    const jwt = String(token?.headers.authorization).replace('Bearer ', '');
    const { payload } = await jwtVerify(jwt, app.publicKey, { issuer: '4711', algorithms: ['RS256'] });
    expect((payload.exp as number) - (payload.iat as number)).toBeLessThanOrEqual(600);
    expect([list?.path, list?.headers.authorization]).toEqual([
      '/installation/repositories?page=2&per_page=100',
      'Bearer ghs_1',
    ]);
  });

  test('finds issues and pull requests of a repository that a project uses', async () => {
    await addRepository();
    const item = (number: number, more: object = {}) => ({
      html_url: `https://github.com/acme/shop/pull/${number}`,
      id: 3_000_000_000 + number,
      title: `Change ${number}`,
      number,
      state: 'closed',
      ...more,
    });
    github.answers['GET /search/issues'] = {
      body: {
        total_count: 3,
        items: [
          item(1, { draft: true }),
          item(2, { pull_request: { merged_at: '2026-01-01T00:00:00Z' } }),
          { ...item(3), html_url: 'https://github.com/acme/secrets/issues/3' },
        ],
      },
    };

    const query = 'repo_owner=ACME&repo_name=shop&search_text=pay%20repo:acme/secrets&state=closed';
    const { status, body } = await send('GET', `github/pulls/?${query}`, undefined, acme.member);

    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { number: 1, draft: true, merged: false },
      { number: 2, draft: false, merged: true },
    ]);
    const asked = new URL(github.requests[1]?.path ?? '', github.url).searchParams.get('q');
    expect(asked).toBe('pay repo:acme/secrets repo:acme/shop is:pr state:closed');
  });

  test('lists contributors', async () => {
    await addRepository();
    const ada = { login: 'ada', avatar_url: 'https://avatars.example.com/1', contributions: 12 };
    github.answers['GET /repos/acme/shop/contributors'] = { body: [{ ...ada, id: 1 }] };

    const { body } = await send('GET', 'github/repo-contributors/?repo_owner=acme&repo_name=shop');

    expect(body).toEqual({ results: [ada], next: null, previous: null, total_count: null });
  });

  test('shows nothing of repositories that no project uses', async () => {
    await addRepository();

    const { status } = await send('GET', 'github/issues/?repo_owner=acme&repo_name=secrets');

    expect([status, github.requests]).toEqual([404, []]);
  });

  test('says so where there is no installation, and where GitHub fails', async () => {
    const without = await send('GET', 'github/repositories/');
    await connect();
    github.answers['GET /installation/repositories'] = { status: 500 };
    const failing = await send('GET', 'github/repositories/');
    github.answers['GET /installation/repositories'] = { body: ['unexpected'] };
    const odd = await send('GET', 'github/repositories/');

    expect([without.status, without.body]).toEqual([400, { error: 'This organisation has no GitHub integration.' }]);
    expect([failing.status, failing.body]).toEqual([502, { error: 'GitHub: The answer was HTTP 500.' }]);
    expect([odd.status, odd.body]).toEqual([502, { error: 'GitHub: The answer was not understood.' }]);
  });
});

describe('a clean-up issue', () => {
  const issue = { html_url: 'https://github.com/acme/shop/issues/9' };
  const makeFeature = async () => {
    const feature = { method: 'POST' as const, as: acme.admin, body: { name: 'old' } };
    return (await context.request({ ...feature, path: `/api/v1/projects/${acme.projectId}/features/` })).body.id;
  };
  const report = (repository_url: string) =>
    context.request({
      method: 'POST',
      path: `/api/v1/projects/${acme.projectId}/code-references/`,
      as: acme.admin,
      body: {
        repository_url,
        revision: 'c0ffee',
        code_references: [{ feature_name: 'old', file_path: 'a.ts', line_number: 3 }],
      },
    });

  test('is opened once where the code names the feature, and linked to it', async () => {
    await addRepository();
    const featureId = await makeFeature();
    await report('https://github.com/acme/shop');
    await report('https://github.com/acme/elsewhere');
    github.answers['POST /repos/acme/shop/issues'] = { status: 201, body: issue };

    const first = await send('POST', 'github/create-cleanup-issue/', { feature_id: featureId });
    const second = await send('POST', 'github/create-cleanup-issue/', { feature_id: featureId });

    const opened = github.requests.filter(({ path }) => path.endsWith('/issues'));
    expect([first.status, second.status, opened.length]).toEqual([204, 204, 1]);
    expect(opened[0]?.body.title).toBe('Remove the feature old from the code');
    expect(opened[0]?.body.body).toContain('- [ ] https://github.com/acme/shop/blob/c0ffee/a.ts#L3');
    const path = `/api/v1/projects/${acme.projectId}/features/${featureId}/feature-external-resources/`;
    const links = await context.request({ path, as: acme.admin });
    expect(links.body.results).toMatchObject([{ url: issue.html_url, type: 'GITHUB_ISSUE' }]);
  });

  test('takes code that names the feature, and somebody who may edit it', async () => {
    await addRepository();
    const featureId = await makeFeature();
    const { userId, authorization } = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const place = { organisationId: acme.organisationId, projectId: acme.projectId, to: { userId } };
    await seedGrant(context.db, { ...place, permissions: ['VIEW_PROJECT'] });

    const unnamed = await send('POST', 'github/create-cleanup-issue/', { feature_id: featureId });
    const viewer = await send('POST', 'github/create-cleanup-issue/', { feature_id: featureId }, authorization);

    expect([unnamed.status, viewer.status]).toEqual([400, 403]);
  });
});
