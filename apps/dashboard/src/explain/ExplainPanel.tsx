import type { ScreenEnvironment } from '@halyard/contract';
import { Anchor, Group, NativeSelect, Paper, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { isProduction } from '../environments/colour.ts';
import { type Asked, personOf } from './person.ts';
import { PersonFields } from './PersonFields.tsx';
import { Why } from './Why.tsx';

interface ExplainPanelProps {
  project: number;
  feature: number;
  environments: Pick<ScreenEnvironment, 'id' | 'name' | 'api_key'>[];
  /** Somebody is editing: what they did is not in the answer. */
  hasDraft: boolean;
}

/** Asks what somebody gets of a feature in one environment, and tells why. */
export function ExplainPanel({ project, feature, environments, hasDraft }: ExplainPanelProps) {
  const [chosen, setChosen] = useState(() => (environments.find(isProduction) ?? environments[0])?.id);
  const [asked, setAsked] = useState<Asked>({});
  const [settled] = useDebouncedValue(asked, 300);
  const environment = environments.find(({ id }) => id === chosen) ?? environments[0];
  if (environment === undefined) return <Text size="sm">You may see no environment of this project.</Text>;
  const isAsked = personOf(settled).identifier !== '' || personOf(settled).traits.length > 0;
  return (
    <Stack>
      <Paper p="md" bg="var(--card)" component="section" aria-label="Who asks">
        <Stack gap="xs">
          <NativeSelect
            label="Environment"
            value={String(environment.id)}
            data={environments.map(({ id, name }) => ({ value: String(id), label: name }))}
            onChange={(event) => setChosen(Number(event.currentTarget.value))}
          />
          <PersonFields environment={environment.api_key} value={asked} onChange={setAsked} />
          <Group justify="space-between" gap="xs">
            <Text size="xs" c="dimmed">
              {hasDraft ? 'Explains what is saved; your draft is not in it.' : 'Nothing of this is stored.'}
            </Text>
            <Anchor
              component={Link}
              size="sm"
              to={`/projects/${project}/playground`}
              search={
                {
                  people: [settled],
                  environments: [environment.id],
                  why: `${feature}.${environment.id}.0`,
                } as never
              }
            >
              Share this in the playground
            </Anchor>
          </Group>
        </Stack>
      </Paper>
      {!isAsked && (
        <Text size="sm" c="dimmed">
          Without an identifier or traits, this is what everybody gets who is not known. Enter one to see what they get.
        </Text>
      )}
      <Why
        key={`${environment.id} ${JSON.stringify(settled)}`}
        project={project}
        environment={environment.api_key}
        feature={feature}
        asked={settled}
      />
    </Stack>
  );
}
