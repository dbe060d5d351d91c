import { z } from 'zod';
import { endpoint } from './endpoint.ts';

/** A session: the token of a person, told once. It goes into `Authorization: Token <key>`. */
export const session = z.object({ key: z.string() });
export type Session = z.output<typeof session>;

const tag = 'auth';

export const logout = endpoint({
  id: 'logout',
  method: 'POST',
  path: '/api/v1/auth/logout/',
  tag,
  summary: 'End the session of the token that asks; other sessions of the account go on',
  auth: 'login',
  status: 204,
  errors: [403],
});

export const endOtherSessions = endpoint({
  id: 'endOtherSessions',
  method: 'POST',
  path: '/api/v1/auth/sessions/end-others/',
  tag,
  summary: 'End every other session of the account; the one that asks goes on',
  auth: 'user',
  status: 204,
  errors: [403],
});

export const deleteToken = endpoint({
  id: 'deleteToken',
  method: 'DELETE',
  path: '/api/v1/auth/token/',
  tag,
  summary: 'The same as logout',
  auth: 'login',
  status: 204,
  errors: [403],
});
