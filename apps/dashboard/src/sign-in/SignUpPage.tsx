import { Alert, Anchor, Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { goOn } from './arrival.ts';
import { entrance } from './entrance.ts';
import { installation, signUp } from './queries.ts';
import { SignInFrame } from './SignInFrame.tsx';

/** A new account; the first one of an installation administers it. */
export function SignUpPage() {
  const [account, setAccount] = useState({ email: '', first_name: '', last_name: '', password: '' });
  const { next } = useSearch({ from: '/signup' });
  const navigate = useNavigate();
  const { data: about } = useQuery(installation());
  const first = about?.self_hosted_data?.has_users === false;
  const invitation = /^\/invite(?:-link)?\/([^/?]+)/.exec(next ?? '')?.[1];
  const create = useMutation({
    mutationFn: () => signUp(account, { first, invitation }),
    onSuccess: (state) => {
      if (state === 'active') void goOn(next, (to) => navigate({ to, replace: true }));
    },
  });
  const fields = create.error instanceof ApiError ? create.error.fields : {};
  const input = (name: keyof typeof account) => ({
    value: account[name],
    error: fields[name],
    required: true,
    withAsterisk: false,
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => {
      const { value } = event.currentTarget;
      setAccount((before) => ({ ...before, [name]: value }));
    },
  });
  if (create.data === 'prove') {
    return (
      <SignInFrame title="Look into your mail">
        We sent a link to {account.email}. Open it to prove that the address is yours; then you can log in.
      </SignInFrame>
    );
  }
  const isGeneral = create.isError && !Object.keys(fields).some((name) => name in account);
  return (
    <SignInFrame
      title={first ? 'Create the first administrator' : 'Create an account'}
      {...(first && { description: 'Nobody has an account on this installation yet. This one may do everything.' })}
      footer={
        !first && (
          <>
            Here before?{' '}
            <Anchor href={entrance('login', next)} size="sm" underline="always">
              Log in
            </Anchor>
          </>
        )
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          {isGeneral && <Alert color="red">{messageFor(create.error)}</Alert>}
          <Group grow align="flex-start">
            <TextInput label="First name" autoComplete="given-name" autoFocus {...input('first_name')} />
            <TextInput label="Last name" autoComplete="family-name" {...input('last_name')} />
          </Group>
          <TextInput label="E-mail" type="email" autoComplete="username" {...input('email')} />
          <PasswordInput
            label="Password"
            description="Eight characters or more"
            autoComplete="new-password"
            {...input('password')}
          />
          <Button type="submit" loading={create.isPending}>
            Create account
          </Button>
        </Stack>
      </form>
    </SignInFrame>
  );
}
