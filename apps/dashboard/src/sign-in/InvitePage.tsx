import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { messageFor } from '../api/errors.ts';
import { token } from '../api/token.ts';
import { entrance } from './entrance.ts';
import { join } from './queries.ts';
import { SignInFrame } from './SignInFrame.tsx';

/** Where an invitation leads: joins the organisation, after a login where there is none. */
export function InvitePage() {
  const { hash } = useParams({ strict: false }) as { hash: string };
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  const accept = useMutation({
    mutationFn: () => join(hash, path.startsWith('/invite-link/') ? 'link' : 'mail'),
    onSuccess: ({ id }) =>
      void navigate({ to: '/organisations/$organisation/projects', params: { organisation: String(id) } }),
  });
  return (
    <SignInFrame title="You are invited" description="Somebody invited you to their organisation on Halyard.">
      {token() === null ? (
        <Stack>
          <Text size="sm">Create an account, or log in to the one that you have; then you join.</Text>
          <Group grow>
            <Button component="a" href={entrance('signup', path)}>
              Create account
            </Button>
            <Button component="a" href={entrance('login', path)} variant="default">
              Log in
            </Button>
          </Group>
        </Stack>
      ) : (
        <Stack>
          {accept.isError && <Alert color="red">{messageFor(accept.error)}</Alert>}
          <Button onClick={() => accept.mutate()} loading={accept.isPending}>
            Join
          </Button>
        </Stack>
      )}
    </SignInFrame>
  );
}
