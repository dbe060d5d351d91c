import { z } from 'zod';
import { givenPassword } from './auth-password.ts';
import { session } from './auth-tokens.ts';
import { endpoint } from './endpoint.ts';
import { textInput } from './fields.ts';

/** The password was right; the account has a second factor. Good for 15 minutes and one login. */
export const mfaChallenge = z.object({ ephemeral_token: z.string(), method: z.literal('app') });
export type MfaChallenge = z.output<typeof mfaChallenge>;

const tag = 'auth';

export const login = endpoint({
  id: 'login',
  method: 'POST',
  path: '/api/v1/auth/login/',
  tag,
  summary: 'Exchange e-mail address and password for a token of its own, or for the question for a code',
  auth: 'anyone',
  body: z.object({ email: textInput(254), password: givenPassword }),
  response: z.union([session, mfaChallenge]),
  errors: [403, 429],
});

export const loginWithCode = endpoint({
  id: 'loginWithCode',
  method: 'POST',
  path: '/api/v1/auth/login/code/',
  tag,
  summary: 'Answer the question for a code, from the authenticator app or a backup code, for a token',
  auth: 'anyone',
  body: z.object({ ephemeral_token: textInput(200), code: textInput(50) }),
  response: session,
  errors: [401, 429],
});
