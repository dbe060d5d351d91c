import { z } from 'zod';
import { givenPassword } from './auth-password.ts';
import { endpoint } from './endpoint.ts';
import { emailInput, textInput } from './fields.ts';

const tag = 'auth';
const link = { uid: textInput(100), token: textInput(100) };

export const setEmail = endpoint({
  id: 'setEmail',
  method: 'POST',
  path: '/api/v1/auth/users/set_email/',
  tag,
  summary: "Change one's own e-mail address; the old one is told",
  auth: 'login',
  body: z.object({ new_email: emailInput, current_password: givenPassword }),
  status: 204,
  errors: [403, 429],
});

export const requestEmailReset = endpoint({
  id: 'requestEmailReset',
  method: 'POST',
  path: '/api/v1/auth/users/reset_email/',
  tag,
  summary: 'Ask for a link by e-mail with which to choose a new address; the answer is the same for every address',
  auth: 'anyone',
  body: z.object({ email: emailInput }),
  status: 204,
  errors: [429],
});

export const confirmEmailReset = endpoint({
  id: 'confirmEmailReset',
  method: 'POST',
  path: '/api/v1/auth/users/reset_email_confirm/',
  tag,
  summary: 'Choose a new e-mail address with the link of an e-mail',
  auth: 'anyone',
  body: z.object({ ...link, new_email: emailInput }),
  status: 204,
  errors: [429],
});

export const activateAccount = endpoint({
  id: 'activateAccount',
  method: 'POST',
  path: '/api/v1/auth/users/activation/',
  tag,
  summary: 'Prove an e-mail address with the link that was sent to it, so that the account works',
  auth: 'anyone',
  body: z.object(link),
  status: 204,
  errors: [403, 429],
});

export const resendActivation = endpoint({
  id: 'resendActivation',
  method: 'POST',
  path: '/api/v1/auth/users/resend_activation/',
  tag,
  summary: 'Ask for the activation link again; the answer is the same for every address',
  auth: 'anyone',
  body: z.object({ email: emailInput }),
  status: 204,
  errors: [429],
});
