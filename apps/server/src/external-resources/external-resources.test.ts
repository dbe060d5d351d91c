import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { testGithubApp, testTracker } from '../testing/trackers.ts';
import { literal } from './comments.ts';

const github = testTracker();
const gitlab = testTracker();
const variables: Record<string, string> = { ...testGithubApp().settings, OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' };
beforeAll(() => {
  variables.GITHUB_API_URL = github.url;
});
const context = testContext(variables);
const issueUrl = 'https://github.com/acme/shop/issues/7';
const pullUrl = 'https://github.com/acme/shop/pull/8';
let acme: Tenant;
let checkout: number;
let links: string;
let installation = 100;

beforeEach(async () => {
  // What the test before left waiting.
  await settle();
  github.requests = [];
  acme = await seedTenant(context.db);
  installation += 1;
  github.answers[`POST /app/installations/${installation}/access_tokens`] = { status: 201, body: { token: 'ghs_1' } };
  const organisation = `organisations/${acme.organisationId}/integrations/github/`;
  const { id } = await post(organisation, { installation_id: String(installation) });
  await post(`${organisation}${id}/repositories/`, {
    project: acme.projectId,
    repository_owner: 'acme',
    repository_name: 'shop',
    tagging_enabled: true,
  });
  checkout = (await post(`projects/${acme.projectId}/features/`, { name: 'checkout', initial_value: 'a|b' })).id;
  links = `projects/${acme.projectId}/features/${checkout}/feature-external-resources/`;
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const send = (method: Method, path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path: `/api/v1/${path}`, as, body });
async function post(path: string, body: unknown) {
  const answer = await send('POST', path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
async function settle() {
  await context.app.follower.catchUp();
  await context.db
    .updateTable('jobs')
    .set({ run_at: '2020-01-01T00:00:00.000000Z' })
    .where('kind', '=', 'external-resources.tell')
    .where('attempts', '=', 0)
    .execute();
  await context.app.worker.runPending();
}
const labelsOf = async (featureId: number): Promise<string[]> => {
  const { tags } = (await send('GET', `projects/${acme.projectId}/features/${featureId}/`)).body;
  const all = (await send('GET', `projects/${acme.projectId}/tags/`)).body.results;
  return all.filter((tag: any) => tags.includes(tag.id)).map((tag: any) => `${tag.type} ${tag.label}`);
};
/** Lets GitHub know an issue and a pull request. */
function knowItems(states: { issue?: object; pull?: object } = {}) {
  const issue = { html_url: issueUrl, title: 'Paying fails', state: 'open', ...states.issue };
  const pull = { html_url: pullUrl, title: 'Mend paying', state: 'open', merged: false, draft: true, ...states.pull };
  const repo = '/repos/acme/shop';
  Object.assign(github.answers, {
    [`GET ${repo}/issues/7`]: { body: issue },
    [`GET ${repo}/pulls/8`]: { body: pull },
    [`POST ${repo}/labels`]: { status: 422 },
    [`POST ${repo}/issues/7/labels`]: { body: [] },
    [`POST ${repo}/issues/8/labels`]: { body: [] },
    [`POST ${repo}/issues/7/comments`]: { status: 201 },
    [`POST ${repo}/issues/8/comments`]: { status: 201 },
  });
}
const comments = (number: number) => github.commentsAt(`/repos/acme/shop/issues/${number}/comments`);
async function turnOn(environment = acme.production) {
  const states = `environments/${environment.apiKey}/featurestates/`;
  const { body } = await send('GET', `${states}?feature=${checkout}`);
  expect((await send('PATCH', `${states}${body.results[0].id}/`, { enabled: true })).status).toBe(200);
}

describe('a link', () => {
  test('is made, read, changed and removed', async () => {
    const created = await send('POST', links, { type: 'GITHUB_ISSUE', url: issueUrl, feature: checkout });
    const listed = await send('GET', links);
    const read = await send('GET', `${links}${created.body.id}/`);
    const changed = await send('PUT', `${links}${created.body.id}/`, { type: 'GITHUB_PR', url: pullUrl });
    const noted = await send('PATCH', `${links}${created.body.id}/`, { metadata: { note: 'soon' } });
    const removed = await send('DELETE', `${links}${created.body.id}/`);

    const expected = { id: expect.any(Number), url: issueUrl, type: 'GITHUB_ISSUE', metadata: null, feature: checkout };
    expect([created.status, created.body]).toEqual([201, expected]);
    expect([listed.body, read.body]).toEqual([{ results: [created.body] }, created.body]);
    expect(changed.body).toMatchObject({ id: created.body.id, type: 'GITHUB_PR', url: pullUrl });
    expect(noted.body.metadata).toEqual({ note: 'soon' });
    expect([removed.status, (await send('GET', links)).body]).toEqual([204, { results: [] }]);
  });

  test('is made once', async () => {
    await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });

    const { status, body } = await send('POST', links, { type: 'GITHUB_ISSUE', url: issueUrl.replace('acme', 'Acme') });

    expect([status, body]).toEqual([400, { non_field_errors: ['This is linked to the feature already.'] }]);
  });

  test.each([
    ['GITHUB_ISSUE', pullUrl],
    ['GITHUB_PR', issueUrl],
    ['GITHUB_ISSUE', 'https://github.com.evil.example/acme/shop/issues/7'],
    ['GITHUB_ISSUE', 'https://github.com/acme/../issues/7'],
    ['GITHUB_ISSUE', 'https://github.com/acme/shop/issues/7?x=1'],
    ['GITHUB_ISSUE', 'https://github.com/acme/secrets/issues/7'],
    ['GITLAB_ISSUE', 'https://gitlab.com/acme/shop/-/issues/7'],
    ['JIRA', issueUrl],
  ])('of type %s is not made to %s', async (type, url) => {
    const { status } = await send('POST', links, { type, url });

    expect([status, (await send('GET', links)).body.results]).toEqual([400, []]);
  });

  test('stays with its feature', async () => {
    const { status, body } = await send('POST', links, { type: 'GITHUB_ISSUE', url: issueUrl, feature: checkout + 1 });

    expect([status, body]).toEqual([400, { feature: ['A link stays with the feature of its path.'] }]);
  });

  test('is seen by who sees the project, and made by who may edit features', async () => {
    const { userId, authorization } = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const place = { organisationId: acme.organisationId, projectId: acme.projectId, to: { userId } };
    await seedGrant(context.db, { ...place, permissions: ['VIEW_PROJECT'] });
    const { id } = await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });

    expect((await send('GET', links, undefined, authorization)).body.results).toHaveLength(1);
    expect((await send('POST', links, { type: 'GITHUB_PR', url: pullUrl }, authorization)).status).toBe(403);
    expect((await send('DELETE', `${links}${id}/`, undefined, authorization)).status).toBe(403);
  });
});

describe('GitHub', () => {
  test('gets a label and a comment that says what the feature serves, and tells how the item does', async () => {
    knowItems();
    const { id } = await post(links, { type: 'GITHUB_PR', url: pullUrl, metadata: { note: 'mine' } });

    await settle();

    expect((await send('GET', `${links}${id}/`)).body.metadata).toEqual({
      note: 'mine',
      title: 'Mend paying',
      state: 'draft',
    });
    expect(await labelsOf(checkout)).toEqual(['GITHUB PR Draft']);
    expect(github.requests.find(({ path }) => path.endsWith('/8/labels'))?.body).toEqual({ labels: ['Feature flag'] });
    expect(comments(8)).toHaveLength(1);
    expect(comments(8)[0]).toContain(`/projects/${acme.projectId}/features/${checkout}) is linked to this.`);
    expect(comments(8)[0]).toContain('| `Production` | everybody | off | `a\\|b` |');
  });

  test('gets one comment about many changes at once', async () => {
    knowItems();
    await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });
    await settle();

    await turnOn();
    await turnOn(acme.development);
    await settle();

    expect(comments(7)).toHaveLength(2);
    expect(comments(7)[1]).toContain('changed. It serves now:');
    expect(comments(7)[1]).toContain('| `Production` | everybody | on | `a\\|b` |');
    expect(comments(7)[1]).toContain('| `Development` | everybody | on | `a\\|b` |');
  });

  test('gets comments that were refused for a moment, later', async () => {
    knowItems();
    await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });
    await settle();
    const answers = [{ status: 503 }, { status: 201 }];
    github.answers['POST /repos/acme/shop/issues/7/comments'] = () => answers.shift() ?? { status: 500 };

    await turnOn();
    await settle();
    const [waiting] = await context.db
      .selectFrom('jobs')
      .where('kind', '=', 'external-resources.tell')
      .selectAll()
      .execute();
    await context.db
      .updateTable('jobs')
      .set({ run_at: '2020-01-01T00:00:00.000000Z' })
      .where('attempts', '=', 1)
      .execute();
    await settle();

    expect(waiting).toMatchObject({ state: 'waiting', attempts: 1, last_error: 'Error: The answer was HTTP 503.' });
    expect(comments(7)).toHaveLength(3);
    expect(
      await context.db.selectFrom('jobs').where('kind', '=', 'external-resources.tell').selectAll().execute(),
    ).toEqual([]);
  });

  test('hears nothing of what one identity gets', async () => {
    knowItems();
    await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });
    await settle();
    const identities = `environments/${acme.production.apiKey}/identities/`;
    const { id } = await post(identities, { identifier: 'ada@example.com' });

    await post(`${identities}${id}/featurestates/`, { feature: checkout, enabled: true });
    await settle();

    expect(comments(7)).toHaveLength(1);
  });

  test('hears of a segment override and of its segment by name', async () => {
    knowItems();
    await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });
    await settle();
    const rules = [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }];
    const segment = await post(`projects/${acme.projectId}/segments/`, { name: '@everyone', rules });

    const place = `environments/${acme.production.apiKey}/features/${checkout}/create-segment-override/`;
    await post(place, { enabled: true, feature_segment: { segment: segment.id } });
    await settle();

    expect(comments(7)[1]).toContain('| `Production` | `@everyone` | on |');
  });

  test.each([
    ['the link is removed', 'is not linked to this any more.'],
    ['the feature is deleted', 'was deleted.'],
  ])('is told when %s, whose tags go', async (what, sentence) => {
    knowItems();
    const { id } = await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });
    await settle();
    const before = await labelsOf(checkout);

    if (what === 'the link is removed') await send('DELETE', `${links}${id}/`);
    else await send('DELETE', `projects/${acme.projectId}/features/${checkout}/`);
    await settle();

    expect(before).toEqual(['GITHUB Issue Open']);
    expect(comments(7)[1]).toBe(`The feature \`checkout\` ${sentence}`);
    if (what === 'the link is removed') expect(await labelsOf(checkout)).toEqual([]);
    expect(await context.db.selectFrom('external_resources').where('id', '=', id).selectAll().execute()).toEqual([]);
  });

  test('that knows no such item leaves a link without a state', async () => {
    const { id } = await post(links, { type: 'GITHUB_ISSUE', url: issueUrl });

    await settle();

    expect((await send('GET', `${links}${id}/`)).body.metadata).toBeNull();
    expect(
      await context.db.selectFrom('jobs').where('kind', '=', 'external-resources.link').selectAll().execute(),
    ).toEqual([]);
  });
});

describe('GitLab', () => {
  const mergeRequest = '/api/v4/projects/acme%2Fweb%2Fshop/merge_requests/3';

  async function connect() {
    const body = { gitlab_instance_url: gitlab.url, access_token: 'glpat-1', labeling_enabled: true };
    await post(`projects/${acme.projectId}/integrations/gitlab/`, body);
    Object.assign(gitlab.answers, {
      [`GET ${mergeRequest}`]: { body: { title: 'Mend paying', state: 'opened', draft: false } },
      [`PUT ${mergeRequest}`]: {},
      [`POST ${mergeRequest}/notes`]: { status: 201 },
      'POST /api/v4/projects/acme%2Fweb%2Fshop/labels': { status: 409 },
      'POST /api/v4/projects/acme%2Fweb%2Fshop/hooks': { status: 201, body: { id: 55 } },
    });
  }
  const linkMergeRequest = () =>
    post(links, { type: 'GITLAB_MR', url: `${gitlab.url}/acme/web/shop/-/merge_requests/3` });

  test('gets a label, a note and a hook, once for a project', async () => {
    await connect();
    const { id } = await linkMergeRequest();
    await settle();
    await send('DELETE', `${links}${id}/`);
    await linkMergeRequest();
    await settle();

    expect(await labelsOf(checkout)).toEqual(['GITLAB MR Open']);
    expect(gitlab.requests.every(({ headers }) => headers['private-token'] === 'glpat-1')).toBe(true);
    expect(gitlab.requests.find(({ method }) => method === 'PUT')?.body).toEqual({ add_labels: 'Feature flag' });
    expect(gitlab.commentsAt(`${mergeRequest}/notes`)[0]).toContain('is linked to this.');
    const hooks = gitlab.requests.filter(({ path }) => path.endsWith('/hooks'));
    expect(hooks.map(({ body }) => body)).toMatchObject([{ issues_events: true, merge_requests_events: true }]);
  });

  test('is asked to call no more when the project is disconnected', async () => {
    await connect();
    await linkMergeRequest();
    await settle();
    gitlab.answers['DELETE /api/v4/projects/acme%2Fweb%2Fshop/hooks/55'] = { status: 204 };
    const [{ id }] = (await send('GET', `projects/${acme.projectId}/integrations/gitlab/`)).body;

    await send('DELETE', `projects/${acme.projectId}/integrations/gitlab/${id}/`);
    await settle();

    expect(gitlab.requests.at(-1)).toMatchObject({ method: 'DELETE', path: expect.stringContaining('/hooks/55') });
  });
});

describe('text in a comment', () => {
  test.each([
    ['plain', '`plain`'],
    ['@everyone <b>', '`@everyone <b>`'],
    ['two\nlines', '`two lines`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['x'.repeat(200), `\`${'x'.repeat(100)}…\``],
    ['', ''],
  ])('%j is %s', (text, shown) => {
    expect(literal(text)).toBe(shown);
  });
});
