import { createHmac, timingSafeEqual } from 'node:crypto';
import type * as endpoints from '@halyard/contract';
import type { InputOf } from '@halyard/contract';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { forbidden, notFound, RequestError } from '../errors.ts';
import { takeTold } from '../external-resources/service.ts';
import { githubState, githubSubject } from '../github/api.ts';
import { forgetInstallation, projectsUsing } from '../github/service.ts';
import { gitlabState } from '../gitlab/api.ts';
import { gitlabCalledAt } from '../gitlab/service.ts';

interface Signed {
  signed: { headers: Record<string, string | string[] | undefined>; bytes: Buffer };
}

const installation = z.object({ id: z.number().int() });
const installationEvent = z.object({ action: z.string(), installation });
const itemEvent = z
  .object({
    action: z.string(),
    installation,
    repository: z.object({ full_name: z.string() }),
    issue: githubSubject.optional(),
    pull_request: githubSubject.optional(),
  })
  .refine((event) => event.issue !== undefined || event.pull_request !== undefined);

/** What is not about us is passed over. @throws RequestError 400 where the signature does not fit, 403 where there is no app */
export async function receiveGithubEvent(
  ctx: Context,
  { body, signed }: InputOf<typeof endpoints.receiveGithubEvent> & Signed,
): Promise<{ detail: string }> {
  const secret = ctx.config.githubApp?.webhookSecret ?? null;
  if (secret === null) throw forbidden('Calls of GitHub are not set up for this installation.');
  if (!isSigned(signed, secret)) throw new RequestError('invalid', { error: 'Invalid signature' });
  const kind = signed.headers['x-github-event'];
  if (kind === 'installation') {
    const event = installationEvent.safeParse(body);
    if (event.data?.action !== 'deleted') return passedOver;
    await forgetInstallation({ ...ctx, actor: { kind: 'system' } }, String(event.data.installation.id));
    return taken;
  }
  const event = kind === 'issues' || kind === 'pull_request' ? itemEvent.safeParse(body).data : undefined;
  const subject = event?.pull_request ?? event?.issue;
  if (event === undefined || subject === undefined) return passedOver;
  const { installation, repository } = event;
  const uses = await projectsUsing(ctx, String(installation.id), repository.full_name);
  const state = event.action === 'dequeued' && subject.state === 'open' ? 'dequeued' : githubState(subject);
  for (const isTagged of [true, false]) {
    const projectIds = uses.filter((use) => use.tagging === isTagged).map((use) => use.projectId);
    await takeTold(ctx, { projectIds, url: subject.html_url, title: subject.title, state, isTagged });
  }
  return taken;
}

const gitlabEvent = z.object({
  object_kind: z.enum(['issue', 'merge_request']),
  object_attributes: z.object({
    url: z.string(),
    title: z.string(),
    state: z.string(),
    draft: z.boolean().nullish(),
    work_in_progress: z.boolean().nullish(),
  }),
});

/** @throws RequestError 404 for an address of no project, 400 where the secret does not fit */
export async function receiveGitlabEvent(
  ctx: Context,
  { params, body, signed }: InputOf<typeof endpoints.receiveGitlabEvent> & Signed,
): Promise<{ detail: string }> {
  const called = await gitlabCalledAt(ctx, params.webhook_uuid);
  if (called === null) throw notFound();
  const shown = signed.headers['x-gitlab-token'];
  if (typeof shown !== 'string' || !isSame(shown, called.secret)) {
    throw new RequestError('invalid', { error: 'Invalid token' });
  }
  const event = gitlabEvent.safeParse(body).data;
  if (event === undefined) return passedOver;
  const { url, title, state, draft, work_in_progress } = event.object_attributes;
  await takeTold(ctx, {
    projectIds: [called.projectId],
    url,
    title,
    state: gitlabState({ state, draft: draft ?? work_in_progress }),
    isTagged: true,
  });
  return taken;
}

const taken = { detail: 'Event processed' };
const passedOver = { detail: 'Event bypassed' };

/** By the newer of the two signatures, where it is there. */
function isSigned({ headers, bytes }: Signed['signed'], secret: string): boolean {
  for (const [header, algorithm] of [
    ['x-hub-signature-256', 'sha256'],
    ['x-hub-signature', 'sha1'],
  ] as const) {
    const given = headers[header];
    if (typeof given !== 'string') continue;
    return isSame(given, `${algorithm}=${createHmac(algorithm, secret).update(bytes).digest('hex')}`);
  }
  return false;
}

/** Takes as long for every text of that length. */
function isSame(a: string, b: string): boolean {
  const [given, wanted] = [Buffer.from(a), Buffer.from(b)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
