import { z } from 'zod';
import type { Context } from '../../context.ts';
import { OutboundError, type OutboundRequest } from '../../outbound/client.ts';

/** An account at a service, as the service tells of it. The address is one that the service has verified. */
export interface SocialAccount {
  subject: string;
  /** In lower case. */
  email: string;
  firstName: string;
  lastName: string;
}

const email = z
  .string()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/)
  .transform((text) => text.toLowerCase());
const name = z.string().nullish();

const githubToken = z.object({ access_token: z.string().regex(/^[\x21-\x7e]+$/) });
const githubUser = z.object({ id: z.number().int().positive(), name });
const githubEmails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** The account of whoever got this authorization code from GitHub; null where GitHub does not tell of one we may trust. */
export async function askGithub(
  ctx: Context,
  app: NonNullable<Context['config']['github']>,
  code: string,
): Promise<SocialAccount | null> {
  const form = new URLSearchParams({ client_id: app.clientId, client_secret: app.clientSecret, code });
  const token = await ask(ctx, githubToken, {
    method: 'POST',
    url: `${app.url}/login/oauth/access_token`,
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  if (token === null) return null;
  const headers = { accept: 'application/vnd.github+json', authorization: `Bearer ${token.access_token}` };
  const user = await ask(ctx, githubUser, { method: 'GET', url: `${app.apiUrl}/user`, headers });
  const emails = await ask(ctx, githubEmails, { method: 'GET', url: `${app.apiUrl}/user/emails`, headers });
  const primary = email.safeParse(emails?.find((one) => one.primary && one.verified)?.email);
  if (user === null || !primary.success) return null;
  const [firstName = '', ...rest] = (user.name ?? '').trim().split(/\s+/);
  return {
    subject: String(user.id),
    email: primary.data,
    firstName: shortened(firstName),
    lastName: shortened(rest.join(' ')),
  };
}

const isTrue = z.union([z.literal(true), z.literal('true')]);
const googleToken = z.object({ aud: z.string(), sub: z.string().min(1).max(255) });
const googleUser = z.object({
  sub: z.string(),
  email,
  email_verified: isTrue,
  given_name: name,
  family_name: name,
});

/**
 * The account of whom this access token of Google's speaks of; null for none. The token must have been given to our own
 * client: with one that another site got from its visitors, that site could sign in as each of them.
 */
export async function askGoogle(
  ctx: Context,
  app: NonNullable<Context['config']['google']>,
  accessToken: string,
): Promise<SocialAccount | null> {
  if (!/^[\x21-\x7e]+$/.test(accessToken)) return null;
  const token = await ask(ctx, googleToken, {
    method: 'GET',
    url: `${app.apiUrl}/oauth2/v3/tokeninfo?${new URLSearchParams({ access_token: accessToken })}`,
  });
  if (token === null || token.aud !== app.clientId) return null;
  const user = await ask(ctx, googleUser, {
    method: 'GET',
    url: `${app.apiUrl}/oauth2/v3/userinfo`,
    headers: { authorization: `Bearer ${accessToken}` },
  });
  if (user === null || user.sub !== token.sub) return null;
  return {
    subject: user.sub,
    email: user.email,
    firstName: shortened(user.given_name ?? ''),
    lastName: shortened(user.family_name ?? ''),
  };
}

/** Null where there is no answer, or one that is none. */
async function ask<T>(ctx: Context, schema: z.ZodType<T>, request: OutboundRequest): Promise<T | null> {
  try {
    const answer = await ctx.outbound.send(request);
    if (answer.status !== 200) return null;
    return schema.safeParse(JSON.parse(answer.body)).data ?? null;
  } catch (error) {
    if (!(error instanceof OutboundError || error instanceof SyntaxError)) throw error;
    ctx.log.warn({ err: error }, 'a service that people sign in with did not answer');
    return null;
  }
}

function shortened(text: string): string {
  return [...text.replaceAll('\0', '')].slice(0, 150).join('');
}
