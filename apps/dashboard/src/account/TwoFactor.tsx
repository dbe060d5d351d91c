import { Alert, Badge, Button, Code, CopyButton, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { Card } from '../ui/Card.tsx';
import { saveFile } from '../ui/files.ts';
import { Loaded, Loading } from '../ui/States.tsx';
import { beginFactor, confirmFactor, endFactor, factors } from './queries.ts';
import { SavingForm } from './SavingForm.tsx';

const QrCode = lazy(() => import('./QrCode.tsx').then((module) => ({ default: module.QrCode })));

/** The second factor: set up with a QR code and a first code, backup codes, turned off with the password. */
export function TwoFactor() {
  const query = useQuery(factors());
  const [secret, setSecret] = useState<{ secret: string; qr_link: string }>();
  const [backup, setBackup] = useState<string[]>();
  const begin = useMutation({ mutationFn: beginFactor, onSuccess: setSecret });
  const isOn = (query.data?.length ?? 0) > 0;
  return (
    <Card title="Two-factor login" aside={isOn && <Badge>on</Badge>}>
      <Loaded query={query} rows={1}>
        {() =>
          backup ? (
            <BackupCodes codes={backup} onDone={() => setBackup(undefined)} />
          ) : secret ? (
            <SetUp
              secret={secret}
              onCancel={() => setSecret(undefined)}
              onDone={(codes) => {
                setBackup(codes);
                setSecret(undefined);
              }}
            />
          ) : isOn ? (
            <TurnOff />
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
          )
        }
      </Loaded>
    </Card>
  );
}

interface SetUpProps {
  secret: { secret: string; qr_link: string };
  onCancel: () => void;
  onDone: (codes: string[]) => void;
}

function SetUp({ secret, onCancel, onDone }: SetUpProps) {
  const [code, setCode] = useState('');
  return (
    <SavingForm
      save={async () => onDone(await confirmFactor(code.replaceAll(' ', '')))}
      done="Two-factor login is on"
      button="Turn on"
      aside={
        <Button variant="default" onClick={onCancel}>
          Not now
        </Button>
      }
    >
      {(fields) => (
        <>
          <Group align="flex-start" gap="md">
            <Suspense fallback={<Loading rows={3} />}>
              <QrCode text={secret.qr_link} label="QR code for your authenticator app" />
            </Suspense>
            <Stack gap="xs" flex="1 1 220px" miw={0}>
              <Text size="sm">
                Scan this with your authenticator app. On the same device, open <a href={secret.qr_link}>this link</a>{' '}
                instead, or enter the secret by hand:
              </Text>
              <Group gap="xs" wrap="nowrap">
                <Code aria-label="Secret" style={{ overflowWrap: 'anywhere' }}>
                  {secret.secret}
                </Code>
                <CopyButton value={secret.secret}>
                  {({ copied, copy }) => (
                    <Button size="compact-xs" variant="subtle" style={{ flex: 'none' }} onClick={copy}>
                      {copied ? 'Copied' : 'Copy'}
                    </Button>
                  )}
                </CopyButton>
              </Group>
              <TextInput
                label="Code of the app"
                description="Six digits; it proves that the app has the secret"
                inputMode="numeric"
                autoComplete="one-time-code"
                required
                withAsterisk={false}
                error={fields.code}
                value={code}
                onChange={(event) => setCode(event.currentTarget.value)}
              />
            </Stack>
          </Group>
        </>
      )}
    </SavingForm>
  );
}

function BackupCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const text = codes.join('\n');
  return (
    <Alert color="halyard" title="Keep these backup codes">
      <Stack gap="sm">
        <Text size="sm">
          Without your phone, each of them opens your account once. They are not shown again: keep them where you keep
          passwords.
        </Text>
        <Code block aria-label="Backup codes">
          {text}
        </Code>
        <Group gap="xs">
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button
                size="xs"
                variant="default"
                leftSection={copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
                onClick={copy}
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDownload size={15} />}
            onClick={() => saveFile(new File([`${text}\n`], 'halyard-backup-codes.txt', { type: 'text/plain' }))}
          >
            Download
          </Button>
          <Button size="xs" onClick={onDone}>
            I keep them
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function TurnOff() {
  const [password, setPassword] = useState('');
  return (
    <>
      <Text size="sm">A login asks for a code of your authenticator app, or for one of your backup codes.</Text>
      <SavingForm save={() => endFactor(password)} done="Two-factor login is off" button="Turn off">
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
  );
}
