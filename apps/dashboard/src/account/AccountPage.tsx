import type { CurrentUser } from '@halyard/contract';
import { Group, PasswordInput, SegmentedControl, Stack, Text, TextInput, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { session } from '../shell/queries.ts';
import { Card } from '../ui/Card.tsx';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { CloseAccount, Sessions } from './Leaving.tsx';
import { changeAddress, changeNames, changePassword } from './queries.ts';
import { SavingForm } from './SavingForm.tsx';
import { Applications } from './Applications.tsx';
import { TwoFactor } from './TwoFactor.tsx';

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
            <Address user={user} />
            <Password />
            <TwoFactor />
            <Applications />
            <Sessions />
            <CloseAccount user={user} />
          </Stack>
        </Page>
      )}
    </Loaded>
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
