import type { FeaturePage, FeaturePageEnvironment } from '@halyard/contract';
import {
  ActionIcon,
  Badge,
  Box,
  Button,
  Group,
  Paper,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
  Tooltip,
} from '@mantine/core';
import { IconClock, IconTrash, IconUserPlus } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { EnvironmentBanner } from '../environments/EnvironmentBanner.tsx';
import { ensureIdentity } from '../identities/queries.ts';
import { HeadingLevel } from '../ui/headings.ts';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import { exactTime } from '../ui/time.ts';
import { ValueEditor } from '../ui/ValueEditor.tsx';
import type { DraftServed, DraftVariant, EnvironmentDraft } from './draft.ts';
import { nameOf } from '../people/names.ts';
import { callOff } from './queries.ts';
import { SegmentOverrides } from './SegmentOverrides.tsx';
import { Sparkline } from './Sparkline.tsx';
import { Weights } from './Weights.tsx';

interface EnvironmentPanelProps {
  page: FeaturePage;
  environment: FeaturePageEnvironment;
  draft: EnvironmentDraft;
  variants: DraftVariant[];
  onChange: (change: (draft: EnvironmentDraft) => EnvironmentDraft) => void;
  onProblem: (where: string, problem: string | undefined) => void;
}

/** What a feature serves in one environment: to everybody, to segments, to single identities. */
export function EnvironmentPanel({ page, environment, draft, variants, onChange, onProblem }: EnvironmentPanelProps) {
  const may = (key: string) => environment.my_permissions.admin || environment.my_permissions.permissions.includes(key);
  const readOnly = !may('UPDATE_FEATURE_STATE');
  const setState = (change: Partial<DraftServed>) =>
    onChange((before) => ({ ...before, state: { ...before.state, ...change } }));
  return (
    <Stack>
      <EnvironmentBanner environment={environment} />
      {readOnly && (
        <Text size="sm" c="dimmed">
          You may look at this environment, not change it.
        </Text>
      )}
      {environment.scheduled_versions.map((version) => (
        <Scheduled key={version.uuid} page={page} environment={environment} version={version} readOnly={readOnly} />
      ))}
      <Section
        title="Everybody"
        aside={
          <Switch
            size="md"
            labelPosition="left"
            label={draft.state.enabled ? 'On' : 'Off'}
            aria-label={`On in ${environment.name}`}
            color={environment.is_production ? 'red.8' : 'halyard.7'}
            checked={draft.state.enabled}
            disabled={readOnly}
            onChange={(event) => setState({ enabled: event.currentTarget.checked })}
          />
        }
      >
        <ValueEditor
          label={variants.length > 0 ? 'Control value' : 'Value'}
          value={draft.state.value}
          readOnly={readOnly}
          onChange={(value) => setState({ value })}
          onProblem={(problem) => onProblem('value', problem)}
        />
        {variants.length > 0 && (
          <Weights
            variants={variants}
            weights={draft.state.weights}
            control={draft.state.value}
            readOnly={readOnly}
            onChange={(weights) => setState({ weights })}
            onProblem={(problem) => onProblem('weights', problem)}
          />
        )}
      </Section>
      <Section
        title="Segment overrides"
        description="The first that matches an identity wins. Drag, or use the arrows, to change the order."
        count={draft.segment_overrides.length}
      >
        <SegmentOverrides
          page={page}
          environment={environment}
          overrides={draft.segment_overrides}
          variants={variants}
          readOnly={!may('MANAGE_SEGMENT_OVERRIDES') && readOnly}
          onChange={(change) =>
            onChange((before) => ({ ...before, segment_overrides: change(before.segment_overrides) }))
          }
          onProblem={onProblem}
        />
      </Section>
      <Section
        title="Identity overrides"
        description="These win over everything else."
        count={environment.identity_overrides.count}
      >
        <IdentityOverrides
          environment={environment}
          draft={draft}
          readOnly={readOnly}
          onChange={onChange}
          onProblem={onProblem}
        />
      </Section>
      <Section
        title="Evaluations"
        description={
          environment.last_evaluated_at ? (
            <>
              Last evaluated <Time at={environment.last_evaluated_at} />
            </>
          ) : (
            'Never evaluated: no SDK reported an evaluation here yet.'
          )
        }
      >
        {environment.evaluations.length > 0 && (
          <Sparkline data={environment.evaluations} label={`Evaluations in ${environment.name}`} />
        )}
      </Section>
    </Stack>
  );
}

interface ScheduledProps {
  page: FeaturePage;
  environment: FeaturePageEnvironment;
  version: FeaturePageEnvironment['scheduled_versions'][number];
  readOnly: boolean;
}

/** A version that waits for its time, and a way to call it off. */
function Scheduled({ page, environment, version, readOnly }: ScheduledProps) {
  const by = page.people.find(({ id }) => id === version.published_by);
  const cancel = useMutation({
    mutationFn: () => callOff(page.project.id, page.feature.id, environment.id, version.uuid),
    onSuccess: () => notifyDone('The version is called off'),
    onError: notifyFailed,
  });
  return (
    <Paper p="sm" bg="var(--selected)" component="section" aria-label="Scheduled version">
      <Group justify="space-between" wrap="nowrap">
        <Group gap="xs" wrap="nowrap" align="flex-start">
          <IconClock size={17} style={{ flex: 'none', marginTop: 2 }} aria-hidden />
          <Text size="sm">
            <b>Goes live {exactTime(version.live_from)}</b>
            {version.description ? `: ${version.description}` : ''}
            {by && (
              <Text span size="sm" c="dimmed">
                {' '}
                by {nameOf(by)}
              </Text>
            )}
          </Text>
        </Group>
        {!readOnly && (
          <Button size="compact-sm" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Call off
          </Button>
        )}
      </Group>
    </Paper>
  );
}

interface SectionProps {
  title: string;
  description?: React.ReactNode;
  count?: number;
  aside?: React.ReactNode;
  children: React.ReactNode;
}

export function Section({ title, description, count, aside, children }: SectionProps) {
  const level = useContext(HeadingLevel);
  return (
    <Paper component="section" p="md" bg="var(--card)" aria-label={title}>
      <Group justify="space-between" mb={description ? 2 : 'sm'} wrap="nowrap">
        <Group gap={8}>
          <Title order={level} size="h5">
            {title}
          </Title>
          {count !== undefined && count > 0 && (
            <Badge size="sm" color="gray">
              {count}
            </Badge>
          )}
        </Group>
        {aside}
      </Group>
      {description && (
        <Text size="xs" c="dimmed" mb="sm" component="div">
          {description}
        </Text>
      )}
      <Stack gap="sm">{children}</Stack>
    </Paper>
  );
}

type IdentityOverridesProps = Pick<EnvironmentPanelProps, 'environment' | 'draft' | 'onChange' | 'onProblem'> & {
  readOnly: boolean;
};

function IdentityOverrides({ environment, draft, readOnly, onChange, onProblem }: IdentityOverridesProps) {
  const [identifier, setIdentifier] = useState('');
  const list = draft.identity_overrides;
  const hidden = environment.identity_overrides.count - environment.identity_overrides.results.length;
  const set = (index: number, change: Partial<DraftServed>) =>
    onChange((before) => ({
      ...before,
      identity_overrides: before.identity_overrides.map((one, at) => (at === index ? { ...one, ...change } : one)),
    }));
  const add = async () => {
    const name = identifier.trim();
    if (name === '' || exists) return;
    try {
      await ensureIdentity(environment.api_key, name);
    } catch (error) {
      return notifyFailed(error);
    }
    onChange((before) => ({
      ...before,
      identity_overrides: [
        ...before.identity_overrides,
        { identifier: name, enabled: !before.state.enabled, value: before.state.value, weights: [] },
      ],
    }));
    setIdentifier('');
  };
  const exists = list.some((one) => one.identifier === identifier.trim());
  return (
    <>
      {list.map((override, index) => (
        <Box key={override.identifier} p="sm" className="card">
          <Group justify="space-between" wrap="nowrap" mb="xs">
            <Text size="sm" fw={600} className="truncate">
              {override.identifier}
            </Text>
            <Group gap="xs" wrap="nowrap">
              <Switch
                aria-label={`On for ${override.identifier}`}
                checked={override.enabled}
                disabled={readOnly}
                onChange={(event) => set(index, { enabled: event.currentTarget.checked })}
              />
              {!readOnly && (
                <Tooltip label="Remove the override">
                  <ActionIcon
                    color="red"
                    aria-label={`Remove the override for ${override.identifier}`}
                    onClick={() =>
                      onChange((before) => ({
                        ...before,
                        identity_overrides: before.identity_overrides.filter(
                          (one) => one.identifier !== override.identifier,
                        ),
                      }))
                    }
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Tooltip>
              )}
            </Group>
          </Group>
          <ValueEditor
            label="Value"
            value={override.value}
            readOnly={readOnly}
            onChange={(value) => set(index, { value })}
            onProblem={(problem) => onProblem(`identity ${override.identifier}`, problem)}
          />
        </Box>
      ))}
      {hidden > 0 && (
        <Text size="sm" c="dimmed">
          {hidden.toLocaleString()} more; find them under Identities.
        </Text>
      )}
      {!readOnly && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <Group align="flex-start" gap="xs">
            <TextInput
              flex="1 1 200px"
              aria-label="Identifier"
              placeholder="Identifier, such as ada@example.com"
              value={identifier}
              error={exists && 'It has an override already'}
              onChange={(event) => setIdentifier(event.currentTarget.value)}
            />
            <Button
              type="submit"
              variant="default"
              leftSection={<IconUserPlus size={16} />}
              disabled={identifier.trim() === '' || exists}
            >
              Add override
            </Button>
          </Group>
        </form>
      )}
    </>
  );
}
