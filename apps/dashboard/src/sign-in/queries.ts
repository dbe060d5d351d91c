import type { MfaChallenge } from '@halyard/contract';
import { call } from '../api/client.ts';
import { queryClient, read } from '../api/query.ts';
import { forgetToken, keepToken } from '../api/token.ts';

/** What the login page needs to know of this installation. */
export const installation = () => ({ ...read('getVersion', {}), staleTime: 60_000 });

/** Logs in with a password. Gives the question for a code where the account has a second factor. */
export async function logIn(email: string, password: string): Promise<MfaChallenge | undefined> {
  const answer = await call('login', { body: { email, password } });
  if ('ephemeral_token' in answer) return answer;
  begin(answer.key);
  return undefined;
}

export async function logInWithCode(ephemeralToken: string, code: string): Promise<void> {
  begin((await call('loginWithCode', { body: { ephemeral_token: ephemeralToken, code } })).key);
}

export interface NewAccount {
  email: string;
  first_name: string;
  last_name: string;
  password: string;
}

/** Creates an account and logs in with it. Says whether the e-mail address has to be proved first. */
export async function signUp(
  account: NewAccount,
  options: { first: boolean; invitation?: string | undefined },
): Promise<'active' | 'prove'> {
  const answer = await call('register', {
    body: {
      ...account,
      superuser: options.first,
      sign_up_type: options.invitation ? 'INVITE_LINK' : 'NO_INVITE',
      ...(options.invitation && { invite_hash: options.invitation }),
    },
  });
  if (!answer.is_active) return 'prove';
  begin(answer.key);
  return 'active';
}

/** Joins by the code of an invitation link, or of an invitation that came by e-mail. */
export async function join(hash: string, kind: 'link' | 'mail') {
  const organisation = await call(kind === 'link' ? 'joinByLink' : 'joinByInvite', { params: { hash } });
  await queryClient.invalidateQueries();
  return organisation;
}

export const askForReset = (email: string) => call('requestPasswordReset', { body: { email } });

export const choosePassword = (uid: string, token: string, password: string) =>
  call('confirmPasswordReset', { body: { uid, token, new_password: password, re_new_password: password } });

export const proveAddress = (uid: string, token: string) => call('activateAccount', { body: { uid, token } });

export const changeAddress = (uid: string, token: string, email: string) =>
  call('confirmEmailReset', { body: { uid, token, new_email: email } });

/** What an application asks, by the parameters that it sent the browser with. */
export const consentQuestion = (asked: Record<string, string>) => ({
  ...read('getOAuthConsent', { query: asked }),
  retry: false,
});

export const currentUser = () => read('getCurrentUser', {});

/** Says yes or no to an application. Gives the address to go to with the answer. */
export async function decide(asked: Record<string, string>, allow: boolean): Promise<string> {
  return (await call('decideOAuthConsent', { body: { ...asked, allow } })).redirect_uri;
}

/** Ends this browser's login. */
export async function logOut(): Promise<void> {
  await call('logout', {}).catch(() => {});
  forgetToken();
  queryClient.clear();
}

function begin(key: string): void {
  queryClient.clear();
  keepToken(key);
}
