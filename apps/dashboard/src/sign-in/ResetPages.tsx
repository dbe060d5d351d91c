import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { askForReset, changeAddress, choosePassword, proveAddress } from './queries.ts';
import { SignInFrame } from './SignInFrame.tsx';

const toLogin = (
  <Anchor component={Link} to="/login" size="sm" underline="always">
    Go to the login
  </Anchor>
);

/** Asks for the link with which to choose a new password. */
export function ForgotPasswordPage() {
  const [email, setEmail] = useState('');
  const ask = useMutation({ mutationFn: () => askForReset(email) });
  return (
    <SignInFrame title="Choose a new password" footer={toLogin}>
      {ask.isSuccess ? (
        <Text size="sm">If {email} has an account here, a link is on its way to it.</Text>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate();
          }}
        >
          <Stack>
            {ask.isError && <Alert color="red">{messageFor(ask.error)}</Alert>}
            <TextInput
              label="E-mail"
              type="email"
              required
              withAsterisk={false}
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <Button type="submit" loading={ask.isPending}>
              Send me a link
            </Button>
          </Stack>
        </form>
      )}
    </SignInFrame>
  );
}

/** Where the link of that mail leads. */
export function NewPasswordPage() {
  const { uid, token } = useParams({ from: '/password-reset/confirm/$uid/$token' });
  const [password, setPassword] = useState('');
  const choose = useMutation({ mutationFn: () => choosePassword(uid, token, password) });
  const fields = choose.error instanceof ApiError ? choose.error.fields : {};
  return (
    <SignInFrame title="Choose a new password" footer={toLogin}>
      {choose.isSuccess ? (
        <Text size="sm">Done. Log in with it; every session that was open has ended.</Text>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            choose.mutate();
          }}
        >
          <Stack>
            {choose.isError && !fields.new_password && <Alert color="red">{messageFor(choose.error)}</Alert>}
            <PasswordInput
              label="New password"
              autoComplete="new-password"
              required
              withAsterisk={false}
              autoFocus
              error={fields.new_password}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button type="submit" loading={choose.isPending}>
              Keep it
            </Button>
          </Stack>
        </form>
      )}
    </SignInFrame>
  );
}

/** Where the link that proves an address leads. */
export function ActivatePage() {
  const { uid, token } = useParams({ from: '/activate/$uid/$token' });
  const prove = useMutation({ mutationFn: () => proveAddress(uid, token) });
  const { mutate } = prove;
  useEffect(() => mutate(), [mutate]);
  return (
    <SignInFrame title="Your e-mail address" footer={toLogin}>
      {prove.isError ? (
        <Alert color="red">{messageFor(prove.error)}</Alert>
      ) : (
        <Text size="sm">{prove.isSuccess ? 'It is proved. You can log in now.' : 'One moment …'}</Text>
      )}
    </SignInFrame>
  );
}

/** Where the link to change an address leads. */
export function NewAddressPage() {
  const { uid, token } = useParams({ from: '/email-reset/confirm/$uid/$token' });
  const [email, setEmail] = useState('');
  const change = useMutation({ mutationFn: () => changeAddress(uid, token, email) });
  const fields = change.error instanceof ApiError ? change.error.fields : {};
  return (
    <SignInFrame title="Choose a new e-mail address" footer={toLogin}>
      {change.isSuccess ? (
        <Text size="sm">Done. Log in with {email} from now on.</Text>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate();
          }}
        >
          <Stack>
            {change.isError && !fields.new_email && <Alert color="red">{messageFor(change.error)}</Alert>}
            <TextInput
              label="E-mail"
              type="email"
              required
              withAsterisk={false}
              autoFocus
              error={fields.new_email}
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <Button type="submit" loading={change.isPending}>
              Keep it
            </Button>
          </Stack>
        </form>
      )}
    </SignInFrame>
  );
}
