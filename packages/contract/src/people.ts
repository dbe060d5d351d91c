import { z } from 'zod';
import { id, time, uuid } from './fields.ts';

/** A person as other objects show them: who owns a feature, who made a change. */
export const person = z.object({
  id,
  uuid,
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  last_login: time.nullable(),
});
export type Person = z.output<typeof person>;
