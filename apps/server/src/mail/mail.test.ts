import { pino } from 'pino';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { inTransaction } from '../context.ts';
import { testContext } from '../testing/context.ts';
import { openMailbox } from '../testing/mailbox.ts';
import { plusSeconds } from '../time.ts';
import { createLogMailer } from './mailer.ts';
import { pageAddress, sendMail } from './service.ts';

const mailbox = await openMailbox();
const context = testContext({
  SMTP_URL: mailbox.url,
  MAIL_FROM: 'Flags <flags@example.com>',
  PUBLIC_URL: 'https://flags.example.com/',
});
const mail = { to: 'ada@example.com', subject: 'Grüße', text: 'A link: https://flags.example.com/secret-part\n' };

beforeEach(() => {
  mailbox.mails.length = 0;
  mailbox.refuse(false);
});

afterAll(() => mailbox.close());

test('an e-mail arrives once its transaction is committed', async () => {
  const ctx = context.app.systemContext();

  await inTransaction(ctx, (ctx) => sendMail(ctx, mail));
  await context.app.worker.runPending();

  expect(mailbox.mails).toMatchObject([
    { to: mail.to, from: '"Flags" <flags@example.com>', subject: mail.subject, text: mail.text },
  ]);
});

test('nothing is sent for a transaction that fails', async () => {
  const ctx = context.app.systemContext();

  await inTransaction(ctx, async (ctx) => {
    await sendMail(ctx, mail);
    throw new Error('no');
  }).catch(() => undefined);
  await context.app.worker.runPending();

  expect(mailbox.mails).toEqual([]);
});

test('an e-mail that the provider refuses is sent again later', async () => {
  const ctx = context.app.systemContext();
  mailbox.refuse(true);
  await sendMail(ctx, mail);
  await context.app.worker.runPending();
  mailbox.refuse(false);

  await context.db
    .updateTable('jobs')
    .set({ run_at: plusSeconds(ctx.now(), -1) })
    .where('kind', '=', 'mail.send')
    .execute();
  await context.app.worker.runPending();

  expect(mailbox.mails).toHaveLength(1);
});

test('an e-mail that waits cannot be read in the database', async () => {
  const ctx = context.app.systemContext();
  mailbox.refuse(true);

  await sendMail(ctx, mail);

  const waiting = await context.db.selectFrom('jobs').where('kind', '=', 'mail.send').select('payload').execute();
  expect(waiting.length).toBeGreaterThan(0);
  expect(JSON.stringify(waiting)).not.toMatch(/secret-part|ada@/);
});

test('an address that looks like two is one', async () => {
  const ctx = context.app.systemContext();

  await sendMail(ctx, { ...mail, to: 'x,eve@example.com' });
  await context.app.worker.runPending();

  expect(mailbox.mails.filter((arrived) => arrived.to === 'eve@example.com')).toEqual([]);
});

test('links begin with the address that the settings name, whatever is in them', () => {
  expect(pageAddress(context.app.systemContext(), 'activate', 'a/b', 'c')).toBe(
    'https://flags.example.com/activate/a%2Fb/c',
  );
});

test('the version tells that e-mail can be sent', async () => {
  expect((await context.request({ path: '/version/' })).body.has_email_provider).toBe(true);
});

test('without a provider the log says that an e-mail was not sent, and not what it said', async () => {
  let log = '';
  const mailer = createLogMailer({ log: pino({ level: 'trace' }, { write: (line) => void (log += line) }) });

  await mailer.send(mail);

  expect(mailer.delivers).toBe(false);
  expect(log).toContain(mail.to);
  expect(log).not.toContain('secret-part');
});
