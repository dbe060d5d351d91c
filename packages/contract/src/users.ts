import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, textInput, time, uuid } from './fields.ts';

export const signUpTypes = ['NO_INVITE', 'INVITE_EMAIL', 'INVITE_LINK'] as const;
export type SignUpType = (typeof signUpTypes)[number];

/** What a person did of the first steps. */
export const onboarding = z.object({
  tasks: z.array(z.object({ name: z.string(), completed_at: time.nullable() })).optional(),
  tools: z.object({ completed: z.boolean(), integrations: z.array(z.string()) }).optional(),
  hosting_preferences: z.array(z.string()).optional(),
});
export type Onboarding = z.output<typeof onboarding>;

/** The person who asks, as only they see themselves. */
export const currentUser = z.object({
  id,
  uuid,
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  sign_up_type: z.enum(signUpTypes).nullable(),
  auth_type: z.enum(['EMAIL', 'GOOGLE', 'GITHUB']),
  is_superuser: z.boolean(),
  date_joined: time,
  onboarding: onboarding.nullable(),
  pylon_email_signature: z.null(),
});
export type CurrentUser = z.output<typeof currentUser>;

const tag = 'users';

export const getCurrentUser = endpoint({
  id: 'getCurrentUser',
  method: 'GET',
  path: '/api/v1/auth/users/me/',
  tag,
  summary: 'Read who the token belongs to',
  auth: 'user',
  response: currentUser,
  errors: [403],
});

export const updateCurrentUser = endpoint({
  id: 'updateCurrentUser',
  method: 'PUT',
  path: '/api/v1/auth/users/me/',
  tag,
  summary: "Set one's own names",
  auth: 'user',
  body: z.object({ first_name: textInput(150), last_name: textInput(150) }),
  response: currentUser,
  errors: [403],
});

export const patchCurrentUser = endpoint({
  id: 'patchCurrentUser',
  method: 'PATCH',
  path: '/api/v1/auth/users/me/',
  tag,
  summary: "Change one's own names",
  auth: 'user',
  body: z.object({ first_name: textInput(150).optional(), last_name: textInput(150).optional() }),
  response: currentUser,
  errors: [403],
});

const shortTexts = z.array(textInput(200)).max(50);

export const updateOnboarding = endpoint({
  id: 'updateOnboarding',
  method: 'PATCH',
  path: '/api/v1/auth/users/me/onboarding/',
  tag,
  summary: 'Note which of the first steps one has done; what is left out stays as it was',
  auth: 'user',
  body: z.object({
    tasks: z
      .array(z.object({ name: textInput(200) }))
      .max(50)
      .optional(),
    tools: z.object({ completed: booleanInput.default(false), integrations: shortTexts.default([]) }).optional(),
    hosting_preferences: shortTexts.optional(),
  }),
  status: 204,
  errors: [403],
});
