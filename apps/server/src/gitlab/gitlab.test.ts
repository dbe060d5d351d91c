import { beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { testTracker } from '../testing/trackers.ts';

const gitlab = testTracker();
const context = testContext({ OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' });
const mask = '*'.repeat(16);
let acme: Tenant;

beforeEach(async () => {
  acme = await seedTenant(context.db);
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const send = (method: Method, path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path: `/api/v1/projects/${acme.projectId}/${path}`, as, body });
const connect = (body: object = {}) =>
  send('POST', 'integrations/gitlab/', { gitlab_instance_url: `${gitlab.url}/`, access_token: 'glpat-1', ...body });
const viewer = async () => {
  const { userId, authorization } = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
  const place = { organisationId: acme.organisationId, projectId: acme.projectId, to: { userId } };
  await seedGrant(context.db, { ...place, permissions: ['VIEW_PROJECT'] });
  return authorization;
};

describe('a project', () => {
  test('has one GitLab, whose token nobody sees', async () => {
    const created = await connect();
    const again = await connect();
    const listed = await send('GET', 'integrations/gitlab/', undefined, await viewer());

    const shown = {
      id: expect.any(Number),
      gitlab_instance_url: gitlab.url,
      access_token: mask,
      labeling_enabled: false,
    };
    expect([created.status, created.body]).toEqual([201, shown]);
    expect([again.status, again.body]).toEqual([400, ['This integration already exists for this project.']]);
    expect(listed.body).toEqual([created.body]);
    const rows = await context.db.selectFrom('gitlab_integrations').selectAll().execute();
    const changes = await context.db.selectFrom('changes').selectAll().execute();
    expect(JSON.stringify([rows, changes])).not.toContain('glpat-1');
  });

  test('keeps its token where the mask comes back, and sends it to no other address', async () => {
    const { id } = (await connect()).body;
    const path = `integrations/gitlab/${id}/`;

    const kept = await send('PUT', path, {
      gitlab_instance_url: gitlab.url,
      access_token: mask,
      labeling_enabled: true,
    });
    const moved = await send('PATCH', path, { gitlab_instance_url: 'https://gitlab.example.com' });
    gitlab.answers['GET /api/v4/projects'] = { body: [] };
    await send('GET', 'gitlab/projects/');

    expect(kept.body).toMatchObject({ id, labeling_enabled: true });
    expect([moved.status, moved.body]).toEqual([400, { access_token: ['Enter the token for the new address.'] }]);
    expect(gitlab.requests[0]?.headers['private-token']).toBe('glpat-1');
  });

  test('is disconnected by administrators only', async () => {
    const { id } = (await connect()).body;

    expect((await send('DELETE', `integrations/gitlab/${id}/`, undefined, await viewer())).status).toBe(403);
    expect((await send('DELETE', `integrations/gitlab/${id}/`)).status).toBe(204);
    expect((await send('GET', `integrations/gitlab/${id}/`)).status).toBe(404);
  });

  test.each([
    { gitlab_instance_url: 'http://169.254.169.254/' },
    { gitlab_instance_url: 'http://10.0.0.1/' },
    { gitlab_instance_url: 'https://me:secret@gitlab.example.com/' },
    { gitlab_instance_url: 'ftp://gitlab.example.com/' },
    { access_token: 'a\r\nb' },
    { access_token: mask },
  ])('is not connected with %j', async (body) => {
    expect((await connect(body)).status).toBe(400);
  });
});

describe('browsing', () => {
  test('shows projects of the token', async () => {
    await connect();
    const project = { id: 5, name: 'shop', path_with_namespace: 'acme/web/shop' };
    const headers = { 'x-total': '201', 'x-next-page': '3' };
    gitlab.answers['GET /api/v4/projects'] = { body: [{ ...project, description: 'x' }], headers };

    const { status, body } = await send('GET', 'gitlab/projects/?page=2&search_text=shop');

    expect([status, body]).toEqual([200, { results: [project], next: 3, previous: 1, total_count: 201 }]);
    expect(gitlab.requests[0]?.path).toContain('/api/v4/projects?page=2&per_page=100&membership=true');
  });

  test('finds issues and merge requests', async () => {
    await connect();
    const item = {
      web_url: `${gitlab.url}/acme/shop/-/issues/1`,
      id: 1,
      title: 'Paying fails',
      iid: 1,
      state: 'opened',
    };
    gitlab.answers['GET /api/v4/projects/acme%2Fshop/issues'] = { body: [item] };
    gitlab.answers['GET /api/v4/projects/5/merge_requests'] = { body: [{ ...item, state: 'merged', draft: false }] };

    const issues = await send('GET', 'gitlab/issues/?gitlab_project_id=acme/shop&state=opened');
    const merges = await send('GET', 'gitlab/merge-requests/?gitlab_project_id=5');

    expect(issues.body.results).toEqual([{ ...item, draft: false, merged: false }]);
    expect(merges.body).toMatchObject({ results: [{ state: 'merged', merged: true }], next: null, total_count: null });
  });

  test('is for those who may link, where there is a GitLab that answers', async () => {
    const without = await send('GET', 'gitlab/projects/');
    await connect();
    const refused = await send('GET', 'gitlab/projects/', undefined, await viewer());
    gitlab.answers['GET /api/v4/projects'] = { status: 401 };
    const failing = await send('GET', 'gitlab/projects/');
    const odd = await send('GET', 'gitlab/issues/?gitlab_project_id=..');

    expect([without.status, without.body]).toEqual([400, { error: 'This project has no GitLab integration.' }]);
    expect([refused.status, odd.status]).toEqual([403, 400]);
    expect([failing.status, failing.body]).toEqual([502, { error: 'GitLab: The answer was HTTP 401.' }]);
  });
});
