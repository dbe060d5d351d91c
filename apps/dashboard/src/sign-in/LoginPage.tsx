import { Alert, Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { goOn } from './arrival.ts';
import { entrance } from './entrance.ts';
import { installation, logIn, logInWithCode } from './queries.ts';
import { SignInFrame } from './SignInFrame.tsx';

/** E-mail and password, then the code of the second factor where the account has one. */
export function LoginPage() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [challenge, setChallenge] = useState<string>();
  const [code, setCode] = useState('');
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/login' });

  const { data: about } = useQuery(installation());
  const isFirst = about?.self_hosted_data?.has_users === false;
  useEffect(() => {
    if (isFirst) void navigate({ to: '/signup', replace: true });
  }, [isFirst, navigate]);

  const enter = () => goOn(next, (to) => navigate({ to, replace: true }));
  const login = useMutation({
    mutationFn: () => logIn(email, password),
    onSuccess: (asked) => (asked ? setChallenge(asked.ephemeral_token) : void enter()),
  });
  const confirm = useMutation({
    mutationFn: () => logInWithCode(challenge as string, code.replaceAll(' ', '')),
    onSuccess: () => void enter(),
  });
  const fields = login.error instanceof ApiError ? login.error.fields : {};

  if (challenge !== undefined) {
    return (
      <SignInFrame
        title="One more step"
        description="Enter the code from your authenticator app, or one of your backup codes."
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            confirm.mutate();
          }}
        >
          <Stack>
            {confirm.isError && <Alert color="red">{messageFor(confirm.error)}</Alert>}
            <TextInput
              label="Code"
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              autoComplete="one-time-code"
              autoFocus
              required
              withAsterisk={false}
            />
            <Button type="submit" loading={confirm.isPending}>
              Log in
            </Button>
            <Button variant="subtle" color="gray" onClick={() => setChallenge(undefined)}>
              Back
            </Button>
          </Stack>
        </form>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame
      title="Log in"
      footer={
        <>
          New here?{' '}
          <Anchor href={entrance('signup', next)} size="sm" underline="always">
            Create an account
          </Anchor>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <Stack>
          {login.isError && <Alert color="red">{messageFor(login.error)}</Alert>}
          <TextInput
            label="E-mail"
            type="email"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoComplete="username"
            error={fields.email}
            required
            withAsterisk={false}
            autoFocus
          />
          <PasswordInput
            label="Password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
            error={fields.password}
            required
            withAsterisk={false}
          />
          <Button type="submit" loading={login.isPending}>
            Log in
          </Button>
          {about?.has_email_provider && (
            <Anchor component={Link} to="/password-reset" size="sm" underline="always" ta="center">
              I forgot my password
            </Anchor>
          )}
        </Stack>
      </form>
    </SignInFrame>
  );
}
