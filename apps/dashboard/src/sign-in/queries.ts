import type { MfaChallenge, Session } from '@halyard/contract';
import { call } from '../api/client.ts';
import { queryClient } from '../api/query.ts';
import { keepToken } from '../api/token.ts';

/** Logs in with a password. Gives the question for a code where the account has a second factor. */
export async function logIn(email: string, password: string): Promise<MfaChallenge | undefined> {
  const answer = await call('login', { body: { email, password } });
  if ('ephemeral_token' in answer) return answer;
  begin(answer);
  return undefined;
}

export async function logInWithCode(ephemeralToken: string, code: string): Promise<void> {
  begin(await call('loginWithCode', { body: { ephemeral_token: ephemeralToken, code } }));
}

function begin(session: Session): void {
  queryClient.clear();
  keepToken(session.key);
}
