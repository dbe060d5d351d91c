import { z } from 'zod';
import { givenPassword } from './auth-password.ts';
import { endpoint } from './endpoint.ts';
import { booleanInput } from './fields.ts';

export const closeAccount = endpoint({
  id: 'closeAccount',
  method: 'DELETE',
  path: '/api/v1/auth/users/me/',
  tag: 'users',
  summary: "Close one's own account, and delete the organisations that nobody else belongs to where asked",
  auth: 'login',
  body: z.object({ current_password: givenPassword, delete_orphan_organisations: booleanInput.default(false) }),
  status: 204,
  errors: [403, 429],
});
