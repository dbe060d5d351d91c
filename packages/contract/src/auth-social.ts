import { z } from 'zod';
import { mfaChallenge } from './auth-login.ts';
import { session } from './auth-tokens.ts';
import { endpoint } from './endpoint.ts';
import { textInput } from './fields.ts';
import { signUpTypes } from './users.ts';

const socialSession = session.extend({ is_new_user: z.boolean() });
export type SocialSession = z.output<typeof socialSession>;

const body = z.object({
  access_token: textInput(4096),
  sign_up_type: z.preprocess((value) => (value === '' ? null : value), z.enum(signUpTypes).nullish()),
  /** Of the invitation that the person came with, where there is one. */
  invite_hash: z.string().max(100).nullish(),
});
export type SocialLoginInput = z.output<typeof body>;

const description = {
  method: 'POST',
  tag: 'auth',
  auth: 'anyone',
  body,
  response: z.union([socialSession, mfaChallenge]),
  errors: [403, 429, 502],
} as const;

export const loginWithGithub = endpoint({
  ...description,
  id: 'loginWithGithub',
  path: '/api/v1/auth/oauth/github/',
  summary: 'Sign in or up with GitHub; `access_token` is the authorization code',
  errors: [403, 429, 502],
});

export const loginWithGoogle = endpoint({
  ...description,
  id: 'loginWithGoogle',
  path: '/api/v1/auth/oauth/google/',
  summary: 'Sign in or up with Google; `access_token` is one that Google gave to this installation’s client',
  errors: [403, 429, 502],
});
