import { expect, test } from 'vitest';
import { ApiError } from './errors.ts';

test.each([
  [400, { name: ['This field is required.'] }, 'Name: This field is required.', { name: 'This field is required.' }],
  [403, { detail: 'No.' }, 'No.', {}],
  [400, ['It exists.'], 'It exists.', {}],
  [
    400,
    { environments: [{ state: { value: ['Too long.'] } }] },
    'Environments › 0 › state › value: Too long.',
    { 'environments.0.state.value': 'Too long.' },
  ],
  [429, undefined, 'Too many tries. Wait a minute and try again.', {}],
  [500, undefined, 'The server answered with an error (500). Try again.', {}],
])('%i %j is told to the person', (status, body, message, fields) => {
  const error = new ApiError(status, body);

  expect(error.message).toBe(message);
  expect(error.fields).toEqual(fields);
});
