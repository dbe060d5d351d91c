import type { AuthorisedApplication, CurrentUser } from '@halyard/contract';
import {
  Alert,
  Button,
  Code,
  Group,
  Paper,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Title,
  useMantineColorScheme,
} from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { session } from '../shell/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { Time } from '../ui/Time.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import {
  applications,
  beginFactor,
  changeAddress,
  changeNames,
  changePassword,
  confirmFactor,
  endApplication,
  endFactor,
  factors,
} from './queries.ts';

/** One's own account: names, theme, address, password, second factor. */
export function AccountPage() {
  const query = useQuery(session());
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Loaded query={query}>
      {({ user }) => (
        <Page title="Account" width={640}>
          <Stack>
            <Profile key={user.id} user={user} />
            <Card title="Theme">
              <SegmentedControl
                aria-label="Theme"
                value={colorScheme}
                onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}
                data={[
                  { value: 'light', label: 'Light' },
                  { value: 'dark', label: 'Dark' },
                  { value: 'auto', label: 'As the system' },
                ]}
              />
            </Card>
            <Password />
            <Factor />
            <Applications />
            <Address user={user} />
          </Stack>
        </Page>
      )}
    </Loaded>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label={title}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

interface SavingFormProps {
  save: () => Promise<unknown>;
  done: string;
  button: string;
  /** Given what the server said of single fields. */
  children: (fields: Record<string, string>) => ReactNode;
}

/** A form that says what the server refused: at the field where it named one, above it otherwise. */
function SavingForm({ save, done, button, children }: SavingFormProps) {
  const saving = useMutation({ mutationFn: save, onSuccess: () => notifyDone(done) });
  const fields = saving.error instanceof ApiError ? saving.error.fields : {};
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      <Stack gap="sm">
        {saving.isError && <Alert color="red">{messageFor(saving.error)}</Alert>}
        {children(fields)}
        <Group justify="flex-end">
          <Button type="submit" loading={saving.isPending}>
            {button}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Profile({ user }: { user: CurrentUser }) {
  const [first, setFirst] = useState(user.first_name);
  const [last, setLast] = useState(user.last_name);
  return (
    <Card title="Name">
      <SavingForm save={() => changeNames(first, last)} done="Saved" button="Save">
        {(fields) => (
          <Group grow align="flex-start">
            <TextInput
              label="First name"
              error={fields.first_name}
              value={first}
              onChange={(event) => setFirst(event.currentTarget.value)}
            />
            <TextInput
              label="Last name"
              error={fields.last_name}
              value={last}
              onChange={(event) => setLast(event.currentTarget.value)}
            />
          </Group>
        )}
      </SavingForm>
    </Card>
  );
}

function Password() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  return (
    <Card title="Password">
      <SavingForm
        save={async () => {
          await changePassword(current, next);
          setCurrent('');
          setNext('');
        }}
        done="The password is changed; other logins have ended"
        button="Change password"
      >
        {(fields) => (
          <>
            <PasswordInput
              label="Current password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              error={fields.current_password}
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
            />
            <PasswordInput
              label="New password"
              autoComplete="new-password"
              required
              withAsterisk={false}
              error={fields.new_password}
              value={next}
              onChange={(event) => setNext(event.currentTarget.value)}
            />
          </>
        )}
      </SavingForm>
    </Card>
  );
}

function Address({ user }: { user: CurrentUser }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  return (
    <Card title="E-mail address">
      <Text size="sm" mb="sm">
        {user.email}
      </Text>
      <SavingForm
        save={async () => {
          await changeAddress(password, email);
          setEmail('');
          setPassword('');
        }}
        done="The address is changed"
        button="Change address"
      >
        {(fields) => (
          <>
            <TextInput
              label="New address"
              type="email"
              required
              withAsterisk={false}
              error={fields.new_email}
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              error={fields.current_password}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          </>
        )}
      </SavingForm>
    </Card>
  );
}

function Factor() {
  const query = useQuery(factors());
  const [secret, setSecret] = useState<{ secret: string; qr_link: string }>();
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [backup, setBackup] = useState<string[]>();
  const begin = useMutation({ mutationFn: beginFactor, onSuccess: setSecret });
  return (
    <Card title="Two-factor login">
      <Loaded query={query} rows={1}>
        {(active) => (
          <Stack gap="sm">
            {backup && (
              <Alert color="halyard" title="Keep these backup codes; they are not shown again">
                <Code block>{backup.join('\n')}</Code>
              </Alert>
            )}
            {active.length > 0 ? (
              <>
                <Text size="sm">It is on: a login asks for a code of your authenticator app.</Text>
                <SavingForm
                  save={async () => {
                    await endFactor(password);
                    setPassword('');
                    setBackup(undefined);
                  }}
                  done="Two-factor login is off"
                  button="Turn off"
                >
                  {(fields) => (
                    <PasswordInput
                      label="Password"
                      autoComplete="current-password"
                      required
                      withAsterisk={false}
                      error={fields.current_password}
                      value={password}
                      onChange={(event) => setPassword(event.currentTarget.value)}
                    />
                  )}
                </SavingForm>
              </>
            ) : secret ? (
              <SavingForm
                save={async () => {
                  setBackup(await confirmFactor(code.replaceAll(' ', '')));
                  setSecret(undefined);
                  setCode('');
                }}
                done="Two-factor login is on"
                button="Turn on"
              >
                {(fields) => (
                  <>
                    <Text size="sm">
                      Open <a href={secret.qr_link}>this link</a> on the device with your authenticator app, or enter
                      the secret there:
                    </Text>
                    <Code block>{secret.secret}</Code>
                    <TextInput
                      label="Code of the app"
                      inputMode="numeric"
                      autoComplete="one-time-code"
                      required
                      withAsterisk={false}
                      error={fields.code}
                      value={code}
                      onChange={(event) => setCode(event.currentTarget.value)}
                    />
                  </>
                )}
              </SavingForm>
            ) : (
              <>
                <Text size="sm">It is off. With it, a stolen password alone does not open your account.</Text>
                {begin.isError && <Alert color="red">{messageFor(begin.error)}</Alert>}
                <Group>
                  <Button variant="default" loading={begin.isPending} onClick={() => begin.mutate()}>
                    Set it up
                  </Button>
                </Group>
              </>
            )}
          </Stack>
        )}
      </Loaded>
    </Card>
  );
}

function Applications() {
  const query = useQuery(applications());
  const end = useMutation({
    mutationFn: ({ client_id }: AuthorisedApplication) => endApplication(client_id),
    onSuccess: (_, { name }) => notifyDone(`${name} can no longer act for you`),
    onError: notifyFailed,
  });
  return (
    <Card title="Applications">
      <Loaded query={query} rows={1}>
        {(list) =>
          list.length === 0 ? (
            <Text size="sm">None. Programs and assistants that you allow to act for you are listed here.</Text>
          ) : (
            <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
              {list.map((application) => (
                <Group key={application.client_id} component="li" justify="space-between" wrap="nowrap">
                  <div style={{ minWidth: 0 }}>
                    <Text size="sm" fw={600} truncate>
                      {application.name}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {application.scopes.includes('admin-api') ? 'All that you can do' : 'Features only'} · last used{' '}
                      <Time at={application.last_used_at} />
                    </Text>
                  </div>
                  <Button
                    variant="default"
                    size="xs"
                    aria-label={`Remove ${application.name}`}
                    loading={end.isPending && end.variables.client_id === application.client_id}
                    onClick={() => end.mutate(application)}
                  >
                    Remove
                  </Button>
                </Group>
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Card>
  );
}
