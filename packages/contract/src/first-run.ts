import { z } from 'zod';
import { endpoint } from './endpoint.ts';

export const firstRun = z.object({ adminUserCreated: z.boolean(), passwordResetUrl: z.string() });
export type FirstRun = z.output<typeof firstRun>;

const description = {
  path: '/api/v1/users/init/',
  tag: 'users',
  summary: 'Create the first administrator, whom the settings name, while there is no account',
  auth: 'anyone',
  status: 201,
  response: firstRun,
  errors: [400, 429],
} as const;

/** Reading creates: so the reference's scripts call it. */
export const initialiseByReading = endpoint({
  ...description,
  id: 'initialiseByReading',
  method: 'GET',
  errors: [400, 429],
});
export const initialise = endpoint({ ...description, id: 'initialise', method: 'POST', errors: [400, 429] });
