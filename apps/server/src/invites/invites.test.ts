import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { openMailbox } from '../testing/mailbox.ts';
import { seedGroup, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { sha256 } from '../secrets.ts';
import { now, plusSeconds } from '../time.ts';

const mailbox = await openMailbox();
const context = testContext({ SMTP_URL: mailbox.url, PUBLIC_URL: 'https://flags.example.com' });
let acme: Tenant;
let rival: Tenant;
let count = 0;

beforeAll(async () => {
  rival = await seedTenant(context.db);
});
beforeEach(async () => {
  acme = await seedTenant(context.db);
  await context.app.worker.runPending();
  mailbox.mails.length = 0;
});
afterAll(() => mailbox.close());

const base = () => `/api/v1/organisations/${acme.organisationId}/`;
const post = (path: string, body: unknown = {}, as: string | null = acme.admin) =>
  context.request({ method: 'POST', path, ...(as !== null && { as }), body });
const get = (path: string, as = acme.admin) => context.request({ path, as });
const remove = (path: string) => context.request({ method: 'DELETE', path, as: acme.admin });
const address = () => `guest${++count}@example.com`;
const mailed = async () => {
  await context.app.worker.runPending();
  return mailbox.mails;
};
/** What the newest mail to somebody carries. */
const codeFor = async (email: string) => codeIn((await mailed()).findLast((mail) => mail.to === email)?.link ?? '');
const codeIn = (link: string) => link.split('/').at(-1) as string;
const joinBy = (code: string, as: string) => post(`/api/v1/users/join/${code}/`, {}, as);
const joinByLink = (code: string, as: string) => post(`/api/v1/users/join/link/${code}/`, {}, as);
const roleOf = async (userId: number) => {
  const row = await context.db
    .selectFrom('organisation_members')
    .where('organisation_id', '=', acme.organisationId)
    .where('user_id', '=', userId)
    .select('role')
    .executeTakeFirst();
  return row?.role ?? null;
};
const logs = async () => {
  const rows = await context.db
    .selectFrom('changes')
    .where('organisation_id', '=', acme.organisationId)
    .select('log')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.log);
};

describe('inviting by e-mail', () => {
  test('sends a link, and tells nobody else what it carries', async () => {
    const email = address();

    const created = await post(`${base()}invites/`, { email, role: 'ADMIN' });

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      email,
      role: 'ADMIN',
      date_created: expect.any(String),
      permission_groups: [],
    });
    const [mail] = await mailed();
    expect(mail).toMatchObject({ to: email, subject: 'You are invited to Acme' });
    expect(mail?.link).toMatch(/^https:\/\/flags\.example\.com\/invite\/[A-Za-z0-9]{22}$/);
    const stored = await context.db.selectFrom('invites').where('id', '=', created.body.id).selectAll().execute();
    const changes = await context.db.selectFrom('changes').selectAll().execute();
    expect(JSON.stringify([stored, changes])).not.toContain(codeIn(mail?.link ?? ''));
  });

  test('shows who invited and which groups the invitation gives, not the role', async () => {
    const { organisationId } = acme;
    const groupId = await seedGroup(context.db, { organisationId });
    const email = address();

    const created = await post(`${base()}invites/`, { email, permission_groups: [groupId] });
    const list = await get(`${base()}invites/`);
    const one = await get(`${base()}invites/${created.body.id}/`);

    expect(list.body).toMatchObject({ count: 1, results: [one.body] });
    expect(one.body).toEqual({
      id: created.body.id,
      email,
      date_created: expect.any(String),
      invited_by: expect.objectContaining({ id: acme.adminId }),
      permission_groups: [groupId],
    });
  });

  test('takes many at once, with roles or as plain addresses', async () => {
    const [first, second] = [address(), address()];

    const created = await post(`${base()}invite/`, { invites: [{ email: first, role: 'ADMIN' }], emails: [second] });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject([
      { email: first, role: 'ADMIN' },
      { email: second, role: 'USER' },
    ]);
    expect((await mailed()).map((mail) => mail.to).toSorted()).toEqual([first, second].toSorted());
  });

  test('refuses an address that is invited already, and then invites none of the others', async () => {
    const email = address();
    await post(`${base()}invites/`, { email });

    const single = await post(`${base()}invites/`, { email: email.toUpperCase() });
    const many = await post(`${base()}invite/`, { invites: [{ email: address() }, { email }] });

    expect([single.status, single.body]).toEqual([400, { email: [`Invite for email ${email} already exists`] }]);
    expect([many.status, many.body]).toEqual([400, { emails: [`Invite for email ${email} already exists`] }]);
    expect((await get(`${base()}invites/`)).body.count).toBe(1);
  });

  test('refuses a group of another organisation', async () => {
    const foreign = await seedGroup(context.db, { organisationId: rival.organisationId });

    const refused = await post(`${base()}invites/`, { email: address(), permission_groups: [foreign] });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ permission_groups: [`Invalid pk "${foreign}" - object does not exist.`] });
  });

  test('goes on for ten calls a minute', async () => {
    const statuses = [];
    for (let i = 0; i < 11; i++) statuses.push((await post(`${base()}invites/`, { email: address() })).status);

    expect(statuses).toEqual([...Array(10).fill(201), 429]);
  });
});

describe('accepting an invitation', () => {
  test('makes the invited person a member with the role and the groups of it, once', async () => {
    const groupId = await seedGroup(context.db, { organisationId: acme.organisationId });
    const guest = await seedUser(context.db);
    await post(`${base()}invites/`, { email: guest.email, role: 'ADMIN', permission_groups: [groupId] });
    const code = await codeFor(guest.email);

    const joined = await joinBy(code, guest.authorization);
    const again = await joinBy(code, guest.authorization);

    expect(joined.status).toBe(200);
    expect(joined.body).toMatchObject({ id: acme.organisationId, name: 'Acme', role: 'ADMIN' });
    expect(again.status).toBe(404);
    const groups = await get(`${base()}groups/my-groups/`, guest.authorization);
    expect(groups.body.results).toEqual([{ id: groupId, name: 'Team' }]);
    expect((await get(`${base()}invites/`)).body.count).toBe(0);
    expect(await logs()).toContain(`New member by invitation: ${guest.email}`);
  });

  test('also takes the new member into the groups that everybody joins', async () => {
    const group = await post(`${base()}groups/`, { name: 'Everybody', is_default: true });
    const guest = await seedUser(context.db);
    const link = await post(`${base()}invite-links/`);

    await joinByLink(link.body.hash, guest.authorization);

    const { body } = await get(`${base()}groups/${group.body.id}/`);
    expect(body.users.map((user: { id: number }) => user.id)).toEqual([guest.userId]);
  });

  test('is refused to somebody with another address, for whom it stays', async () => {
    const guest = await seedUser(context.db);
    const email = address();
    await post(`${base()}invites/`, { email });
    const code = await codeFor(email);

    const refused = await joinBy(code, guest.authorization);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ detail: 'Registered email does not match invited email' });
    expect((await get(`${base()}invites/`)).body.count).toBe(1);
  });

  test('leaves the role of who is a member already', async () => {
    const member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    await post(`${base()}invites/`, { email: member.email, role: 'ADMIN' });
    const code = await codeFor(member.email);

    const joined = await joinBy(code, member.authorization);

    expect([joined.status, joined.body.role]).toEqual([200, 'USER']);
  });

  test('sent again works by the new link only', async () => {
    const guest = await seedUser(context.db);
    const { body } = await post(`${base()}invites/`, { email: guest.email });
    const first = await codeFor(guest.email);
    const sent = await post(`${base()}invites/${body.id}/resend/`);
    const second = await codeFor(guest.email);

    expect([sent.status, sent.body]).toEqual([200, '']);
    expect((await joinBy(first, guest.authorization)).status).toBe(404);
    expect((await joinBy(second, guest.authorization)).status).toBe(200);
  });

  test('that was taken back is a 404', async () => {
    const guest = await seedUser(context.db);
    const { body } = await post(`${base()}invites/`, { email: guest.email });
    const code = await codeFor(guest.email);

    expect((await remove(`${base()}invites/${body.id}/`)).status).toBe(204);

    expect((await joinBy(code, guest.authorization)).status).toBe(404);
  });

  test('takes a person: nobody and a master key are refused', async () => {
    expect((await post('/api/v1/users/join/abc/', {}, null)).status).toBe(401);
    expect((await joinBy('abc', acme.masterKey)).status).toBe(403);
    expect((await joinByLink('abc', acme.masterKey)).status).toBe(403);
  });
});

describe('an invitation link', () => {
  test('can be read again, and is not stored in clear', async () => {
    const created = await post(`${base()}invite-links/`, { role: 'ADMIN' });

    const list = await get(`${base()}invite-links/`);

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      hash: expect.any(String),
      date_created: expect.any(String),
      role: 'ADMIN',
      expires_at: null,
    });
    expect(list.body).toEqual([created.body]);
    const rows = await context.db.selectFrom('invite_links').selectAll().execute();
    const changes = await context.db.selectFrom('changes').selectAll().execute();
    expect(JSON.stringify([rows, changes])).not.toContain(created.body.hash);
  });

  test('lets in everybody who has it, and joining twice is fine', async () => {
    const { body } = await post(`${base()}invite-links/`);
    const [ada, grace] = [await seedUser(context.db), await seedUser(context.db)];

    const statuses = [];
    for (const person of [ada, grace, ada]) statuses.push((await joinByLink(body.hash, person.authorization)).status);

    expect(statuses).toEqual([200, 200, 200]);
    expect([await roleOf(ada.userId), await roleOf(grace.userId)]).toEqual(['USER', 'USER']);
  });

  test('lets one person in once who asks twice at the same time', async () => {
    const { body } = await post(`${base()}invite-links/`);
    const guest = await seedUser(context.db);

    const answers = await Promise.all([1, 2].map(() => joinByLink(body.hash, guest.authorization)));

    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
  });

  test('that has ended is refused', async () => {
    const { body } = await post(`${base()}invite-links/`, { expires_at: plusSeconds(now(), -1) });
    const guest = await seedUser(context.db);

    const refused = await joinByLink(body.hash, guest.authorization);

    expect([refused.status, refused.body]).toEqual([400, { detail: 'Invite has expired' }]);
    expect(await roleOf(guest.userId)).toBeNull();
  });

  test('works until it is deleted', async () => {
    const { body } = await post(`${base()}invite-links/`, { expires_at: plusSeconds(now(), 60) });
    const [ada, grace] = [await seedUser(context.db), await seedUser(context.db)];

    expect((await joinByLink(body.hash, ada.authorization)).status).toBe(200);
    expect((await remove(`${base()}invite-links/${body.id}/`)).status).toBe(204);

    expect((await joinByLink(body.hash, grace.authorization)).status).toBe(404);
    expect((await remove(`${base()}invite-links/${body.id}/`)).status).toBe(404);
  });

  test('of an organisation that was deleted leads nowhere', async () => {
    const { body } = await post(`${base()}invite-links/`);
    const guest = await seedUser(context.db);
    await remove(base());

    expect((await joinByLink(body.hash, guest.authorization)).status).toBe(404);
  });
});

describe('DISABLE_INVITE_LINKS', () => {
  const closed = testContext({ DISABLE_INVITE_LINKS: 'true' });

  test('refuses new links, and those that there are', async () => {
    const { admin, organisationId } = await seedTenant(closed.db);
    const guest = await seedUser(closed.db);
    await closed.db
      .insertInto('invite_links')
      .values({
        organisation_id: organisationId,
        hash: sha256('the-code'),
        hash_encrypted: '',
        role: 'USER',
        date_created: now(),
        expires_at: null,
      })
      .execute();
    const send = (path: string, as: string) => closed.request({ method: 'POST', path, as, body: {} });

    const created = await send(`/api/v1/organisations/${organisationId}/invite-links/`, admin);
    const joined = await send('/api/v1/users/join/link/the-code/', guest.authorization);

    expect([created.status, joined.status]).toEqual([400, 403]);
  });
});
