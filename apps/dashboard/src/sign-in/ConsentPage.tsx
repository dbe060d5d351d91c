import type { OAuthConsentQuestion } from '@halyard/contract';
import { Alert, Anchor, Box, Button, Group, List, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { Failed, Loading } from '../ui/States.tsx';
import { arrivedAt } from './arrival.ts';
import { entrance } from './entrance.ts';
import { consentQuestion, currentUser, decide, logOut } from './queries.ts';
import { SignInFrame } from './SignInFrame.tsx';

const asked = Object.fromEntries(new URLSearchParams(arrivedAt.split('?')[1]));

/** Asks whether an application may act for the person: who asks, what it could do, as whom, and where the answer goes. */
export function ConsentPage() {
  const question = useQuery(consentQuestion(asked));
  // Loading the page again must ask the same.
  useEffect(() => window.history.replaceState(window.history.state, '', arrivedAt), []);

  if (question.data) return <Question {...question.data} />;
  if (question.error instanceof ApiError && question.error.status === 400) return <Refusal error={question.error} />;
  return (
    <SignInFrame title="An application asks to act for you">
      {question.isError ? (
        <Failed error={question.error} retry={() => void question.refetch()} />
      ) : (
        <Loading rows={3} />
      )}
    </SignInFrame>
  );
}

function Question({ application, scopes, redirect_uri }: OAuthConsentQuestion) {
  const { data: user } = useQuery(currentUser());
  const answer = useMutation({
    mutationFn: (allow: boolean) => decide(asked, allow),
    onSuccess: (address) => window.location.replace(address),
  });
  const isLeaving = answer.isPending || answer.isSuccess;
  const button = (allow: boolean) => ({
    loading: isLeaving && answer.variables === allow,
    disabled: isLeaving && answer.variables !== allow,
    onClick: () => answer.mutate(allow),
  });
  const place = new URL(redirect_uri);
  return (
    <SignInFrame
      title={`Allow ${application.name} to act for you?`}
      {...(user && { description: <>You are logged in as {user.email}.</> })}
      footer={
        <>
          Somebody else?{' '}
          <Anchor
            component="button"
            size="sm"
            underline="always"
            onClick={() => void logOut().then(() => window.location.replace(entrance('login', arrivedAt)))}
          >
            Log in with another account
          </Anchor>
        </>
      }
    >
      <Stack>
        {answer.isError && <Alert color="red">{messageFor(answer.error)}</Alert>}
        <Box>
          <Text size="sm" fw={600} mb={6}>
            It could
          </Text>
          <List
            size="sm"
            spacing={6}
            center={false}
            icon={
              <ThemeIcon size={20} radius="xl" variant="light" aria-hidden>
                <IconCheck size={13} />
              </ThemeIcon>
            }
          >
            {Object.entries(scopes).map(([scope, text]) => (
              <List.Item key={scope}>{text}</List.Item>
            ))}
          </List>
        </Box>
        <Box>
          <Text size="sm" fw={600} mb={2}>
            You will be sent to
          </Text>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            <b>{place.host}</b>
            {place.protocol === 'http:' && ', a program on this computer'}
          </Text>
        </Box>
        <Text size="sm" c="dimmed">
          Anybody can give an application this name. Allow it only if you have just started it yourself. You can take
          this back in your account at any time.
        </Text>
        <Group grow>
          <Button variant="default" {...button(false)}>
            Deny
          </Button>
          <Button {...button(true)}>Allow</Button>
        </Group>
      </Stack>
    </SignInFrame>
  );
}

/** A mistake of the application's. Where it is sure whose it is, the person can take it back there. */
function Refusal({ error }: { error: ApiError }) {
  const { error_description: description, redirect_uri: back } = (error.body ?? {}) as Record<
    string,
    string | undefined
  >;
  return (
    <SignInFrame title="This application asks wrongly" description="Nothing was allowed, and nothing was sent.">
      <Stack>
        <Alert color="red" role="alert">
          {description ?? messageFor(error)}
        </Alert>
        <Text size="sm">Start it again. If this comes back, tell whoever makes the application what it says here.</Text>
        {back && (
          <Button component="a" href={back} variant="default" style={{ overflowWrap: 'anywhere' }}>
            Back to {new URL(back).host}
          </Button>
        )}
      </Stack>
    </SignInFrame>
  );
}
