import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, emailInput, id, textInput, uuid } from './fields.ts';
import { session } from './auth-tokens.ts';
import { signUpTypes } from './users.ts';

/** A password that somebody chooses, taken as it is typed. Whether it is good enough, the server decides. */
export const newPassword = z
  .string()
  .min(1, { error: 'This field may not be blank.' })
  .refine((text) => [...text].length <= 128, { error: 'Ensure this field has no more than 128 characters.' })
  .meta({ minLength: 8, maxLength: 128 });

/** A password that is compared with the stored one; one that is too long to be right is only wrong. */
export const givenPassword = z.string().max(4096);

export const registerInput = z.object({
  email: emailInput,
  first_name: textInput(150),
  last_name: textInput(150),
  password: newPassword,
  sign_up_type: z.preprocess((value) => (value === '' ? null : value), z.enum(signUpTypes).nullish()),
  superuser: booleanInput.default(false),
  /** Of the invitation that the person came with, where there is one. */
  invite_hash: z.string().max(100).nullish(),
});

export const registeredUser = session.extend({
  id,
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  is_active: z.boolean(),
  uuid,
  sign_up_type: z.enum(signUpTypes).nullable(),
});
export type RegisteredUser = z.output<typeof registeredUser>;

const tag = 'auth';

export const register = endpoint({
  id: 'register',
  method: 'POST',
  path: '/api/v1/auth/users/',
  tag,
  summary: 'Create an account; the first one of an installation may ask to be its superuser',
  auth: 'anyone',
  body: registerInput,
  status: 201,
  response: registeredUser,
  errors: [429],
});

export const setPassword = endpoint({
  id: 'setPassword',
  method: 'POST',
  path: '/api/v1/auth/users/set_password/',
  tag,
  summary: "Change one's own password; every other token of the account ends",
  auth: 'login',
  body: z.object({ current_password: givenPassword, new_password: newPassword, re_new_password: z.string() }),
  status: 204,
  errors: [403, 429],
});

/** Tells nobody whether an address has an account. */
export const requestPasswordReset = endpoint({
  id: 'requestPasswordReset',
  method: 'POST',
  path: '/api/v1/auth/users/reset_password/',
  tag,
  summary: 'Ask for a link by e-mail with which to choose a new password; the answer is the same for every address',
  auth: 'anyone',
  body: z.object({ email: emailInput }),
  status: 204,
  errors: [429],
});

export const confirmPasswordReset = endpoint({
  id: 'confirmPasswordReset',
  method: 'POST',
  path: '/api/v1/auth/users/reset_password_confirm/',
  tag,
  summary: 'Choose a new password with the link of an e-mail; every session of the account ends',
  auth: 'anyone',
  body: z.object({
    uid: textInput(100),
    token: textInput(100),
    new_password: newPassword,
    re_new_password: z.string(),
  }),
  status: 204,
  errors: [429],
});
