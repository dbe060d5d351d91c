import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { testGithubApp, testTracker } from '../testing/trackers.ts';

const gitlab = testTracker();
const { settings } = testGithubApp();
// GitHub itself is not asked for anything here.
const context = testContext({
  ...settings,
  GITHUB_API_URL: 'http://127.0.0.1:9',
  OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8',
});
const pullUrl = 'https://github.com/acme/shop/pull/8';
let acme: Tenant;
let checkout: number;
let installation = 500;

beforeEach(async () => {
  installation += 1;
  acme = await seedTenant(context.db);
  checkout = (await post(`projects/${acme.projectId}/features/`, { name: 'checkout' })).id;
  await connectGithub(acme, installation);
  await post(links(), { type: 'GITHUB_PR', url: pullUrl });
});

async function post(path: string, body: unknown, as = acme.admin) {
  const answer = await context.request({ method: 'POST', path: `/api/v1/${path}`, as, body });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
const get = async (path: string) => (await context.request({ path: `/api/v1/${path}`, as: acme.admin })).body;
const links = () => `projects/${acme.projectId}/features/${checkout}/feature-external-resources/`;
async function connectGithub(tenant: Tenant, installationId: number, tagging = true) {
  const path = `organisations/${tenant.organisationId}/integrations/github/`;
  const { id } = await post(path, { installation_id: String(installationId) }, tenant.admin);
  const repository = { project: tenant.projectId, repository_owner: 'acme', repository_name: 'shop' };
  return post(`${path}${id}/repositories/`, { ...repository, tagging_enabled: tagging }, tenant.admin);
}
const labels = async (): Promise<string[]> => {
  const { tags } = await get(`projects/${acme.projectId}/features/${checkout}/`);
  const all = (await get(`projects/${acme.projectId}/tags/`)).results;
  return all.filter((tag: any) => tags.includes(tag.id)).map((tag: any) => tag.label);
};
const pull = (pull_request: object, action = 'edited', installationId = installation) => ({
  action,
  installation: { id: installationId },
  repository: { full_name: 'Acme/Shop' },
  pull_request: {
    html_url: pullUrl,
    title: 'Mend paying',
    state: 'open',
    merged: false,
    draft: false,
    ...pull_request,
  },
});
const hmac = (text: string, algorithm = 'sha256', secret = settings.GITHUB_WEBHOOK_SECRET) =>
  `${algorithm}=${createHmac(algorithm, secret).update(text).digest('hex')}`;
/** As GitHub calls: the signature is over the bytes, which are not as we would write them. */
function call(event: string, body: unknown, sign: (text: string) => Record<string, string>) {
  const text = JSON.stringify(body, null, 1);
  const headers = { 'content-type': 'application/json', 'x-github-event': event, ...sign(text) };
  return context.request({ method: 'POST', path: '/api/v1/github-webhook/', body: text, headers });
}
const told = (event: string, body: unknown) => call(event, body, (text) => ({ 'x-hub-signature-256': hmac(text) }));

describe('GitHub', () => {
  test.each([
    [{}, 'opened', 'PR Open', 'open'],
    [{ draft: true }, 'converted_to_draft', 'PR Draft', 'draft'],
    [{ state: 'closed' }, 'closed', 'PR Closed', 'closed'],
    [{ state: 'closed', merged: true }, 'closed', 'PR Merged', 'merged'],
    [{}, 'dequeued', 'PR Dequeued', 'dequeued'],
  ])('that tells %j, %s lets the feature have the tag %s', async (subject, action, label, state) => {
    const { status, body } = await told('pull_request', pull(subject, action));

    expect([status, body]).toEqual([200, { detail: 'Event processed' }]);
    expect(await labels()).toEqual([label]);
    expect((await get(links())).results[0].metadata).toEqual({ title: 'Mend paying', state });
  });

  test('that tells more lets the tag before go, and its words stay the platform’s', async () => {
    await told('pull_request', pull({ draft: true }));
    await told('pull_request', pull({}));
    await told('pull_request', pull({}));

    expect(await labels()).toEqual(['PR Open']);
    const tags = (await get(`projects/${acme.projectId}/tags/`)).results;
    expect(tags).toMatchObject([
      { label: 'PR Draft', type: 'GITHUB', color: '#838992', is_system_tag: true },
      { label: 'PR Open' },
    ]);
  });

  test('that tells of issues tags them as issues', async () => {
    const url = 'https://github.com/acme/shop/issues/7';
    await post(links(), { type: 'GITHUB_ISSUE', url });
    const { pull_request: _, ...event } = pull({});

    await told('issues', { ...event, action: 'closed', issue: { html_url: url, title: 'x', state: 'closed' } });

    expect(await labels()).toEqual(['Issue Closed']);
  });

  test('that tells of a repository without tags changes what is known, and no tag', async () => {
    const rival = await seedTenant(context.db);
    acme = rival;
    checkout = (await post(`projects/${acme.projectId}/features/`, { name: 'checkout' })).id;
    await connectGithub(rival, installation + 100_000, false);
    await post(links(), { type: 'GITHUB_PR', url: pullUrl });

    await told('pull_request', pull({}, 'opened', installation + 100_000));

    expect(await labels()).toEqual([]);
    expect((await get(links())).results[0].metadata).toMatchObject({ state: 'open' });
  });

  test('that tells for another installation changes nothing', async () => {
    await told('pull_request', pull({}, 'opened', installation + 1_000_000));

    expect(await labels()).toEqual([]);
  });

  test('that was told to forget us ends the integration', async () => {
    const path = `organisations/${acme.organisationId}/integrations/github/`;

    const { status } = await told('installation', { action: 'deleted', installation: { id: installation } });

    expect([status, (await get(path)).count]).toEqual([200, 0]);
  });

  test('may sign in the old way', async () => {
    const old = (text: string) => ({ 'x-hub-signature': hmac(text, 'sha1') });

    expect((await call('pull_request', pull({}), old)).status).toBe(200);
    expect(await labels()).toEqual(['PR Open']);
  });

  test.each([
    ['nothing', () => ({})],
    ['another secret', (text: string) => ({ 'x-hub-signature-256': hmac(text, 'sha256', 'a guess') })],
    ['another text', () => ({ 'x-hub-signature-256': hmac('{}') })],
    ['a short signature', (text: string) => ({ 'x-hub-signature-256': hmac(text).slice(0, 20) })],
    ['odd letters', () => ({ 'x-hub-signature-256': 'sha256=é' })],
    [
      'a wrong signature of the new way beside a right one of the old',
      (text: string) => ({ 'x-hub-signature-256': hmac('x'), 'x-hub-signature': hmac(text, 'sha1') }),
    ],
  ])('is somebody else where the call is signed with %s', async (_, sign) => {
    const { status, body } = await call('pull_request', pull({}), sign as (text: string) => Record<string, string>);

    expect([status, body]).toEqual([400, { error: 'Invalid signature' }]);
    expect(await labels()).toEqual([]);
  });

  test.each([
    ['ping', { zen: 'x' }],
    ['pull_request', { action: 'opened' }],
    ['pull_request', []],
    ['issues', pull({ html_url: 5 })],
    ['installation', { action: 'created', installation: { id: 1 } }],
  ])('that tells %s %j is passed over', async (event, body) => {
    const answer = await told(event, body);

    expect([answer.status, answer.body]).toEqual([200, { detail: 'Event bypassed' }]);
  });
});

describe('GitLab', () => {
  let address: string;
  let secret: string;
  const mergeRequest = (attributes: object = {}) => ({
    object_kind: 'merge_request',
    object_attributes: {
      url: `${gitlab.url}/acme/shop/-/merge_requests/3`,
      title: 'Mend paying',
      state: 'opened',
      ...attributes,
    },
  });
  const tell = (body: unknown, token = secret, path = address) =>
    context.request({ method: 'POST', path, body, headers: { 'x-gitlab-token': token } });

  beforeEach(async () => {
    const body = { gitlab_instance_url: gitlab.url, access_token: 'glpat-1' };
    await post(`projects/${acme.projectId}/integrations/gitlab/`, body);
    Object.assign(gitlab.answers, {
      'GET /api/v4/projects/acme%2Fshop/merge_requests/3': { body: { title: 'Mend paying', state: 'closed' } },
      'POST /api/v4/projects/acme%2Fshop/hooks': { status: 201, body: { id: 55 } },
    });
    await post(links(), { type: 'GITLAB_MR', url: `${gitlab.url}/acme/shop/-/merge_requests/3` });
    await context.app.worker.runPending();
    const hook = gitlab.requests.find(({ path }) => path.endsWith('/hooks'))?.body;
    address = new URL(hook.url).pathname;
    secret = hook.token;
  });

  test.each([
    [{}, 'MR Open'],
    [{ work_in_progress: true }, 'MR Draft'],
    [{ state: 'merged' }, 'MR Merged'],
  ])('that tells %j where it was asked to lets the feature have the tag %s', async (attributes, label) => {
    const before = await labels();

    expect((await tell(mergeRequest(attributes))).status).toBe(200);

    expect([before, await labels()]).toEqual([['MR Closed'], [label]]);
  });

  test.each(['', 'a guess', 'x'.repeat(40)])('is somebody else where it shows the secret "%s"', async (token) => {
    const { status, body } = await tell(mergeRequest(), token);

    expect([status, body, await labels()]).toEqual([400, { error: 'Invalid token' }, ['MR Closed']]);
  });

  test('has no other address, and what it tells of others is passed over', async () => {
    expect((await tell(mergeRequest(), secret, `/api/v1/gitlab-webhook/${crypto.randomUUID()}/`)).status).toBe(404);
    expect((await tell({ object_kind: 'push' })).body).toEqual({ detail: 'Event bypassed' });
    expect((await tell(mergeRequest({ url: 'https://gitlab.com/a/b/-/merge_requests/3' }))).status).toBe(200);
    expect(await labels()).toEqual(['MR Closed']);
  });
});

describe('without a secret', () => {
  const bare = testContext();

  test('calls of GitHub are refused', async () => {
    const { status } = await bare.request({
      method: 'POST',
      path: '/api/v1/github-webhook/',
      body: {},
      headers: { 'x-hub-signature-256': hmac('{}', 'sha256', '') },
    });

    expect(status).toBe(403);
  });

  test('an organisation is told that there is no app', async () => {
    const tenant = await seedTenant(bare.db);

    const answer = await bare.request({
      method: 'POST',
      path: `/api/v1/organisations/${tenant.organisationId}/integrations/github/`,
      as: tenant.admin,
      body: { installation_id: '5' },
    });

    expect([answer.status, answer.body]).toEqual([403, { detail: 'No GitHub App is set up for this installation.' }]);
  });
});
