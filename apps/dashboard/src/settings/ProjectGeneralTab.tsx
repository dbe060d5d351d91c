import type { ProjectWithTotals } from '@halyard/contract';
import { Button, Group, NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../ui/Card.tsx';
import { Loaded } from '../ui/States.tsx';
import { useSave } from '../ui/useSave.tsx';
import { changeProject, project as projectQuery } from './queries.ts';

/** A project's name, and the rules that its features follow. */
export function ProjectGeneralTab({ id }: { id: number }) {
  return <Loaded query={useQuery(projectQuery(id))}>{(project) => <General key={id} project={project} />}</Loaded>;
}

function General({ project }: { project: ProjectWithTotals }) {
  const [draft, setDraft] = useState({
    name: project.name,
    hide_disabled_flags: project.hide_disabled_flags,
    only_allow_lower_case_feature_names: project.only_allow_lower_case_feature_names,
    prevent_flag_defaults: project.prevent_flag_defaults,
    enforce_feature_owners: project.enforce_feature_owners,
    enable_realtime_updates: project.enable_realtime_updates,
    feature_name_regex: project.feature_name_regex ?? '',
    stale_flags_limit_days: project.stale_flags_limit_days,
  });
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const { save, saving, errors, failure } = useSave(() =>
    changeProject(project.id, {
      ...draft,
      name: draft.name.trim(),
      feature_name_regex: draft.feature_name_regex || null,
    }),
  );
  const toggle = (
    name: {
      [Key in keyof typeof draft]: (typeof draft)[Key] extends boolean ? Key : never;
    }[keyof typeof draft],
    label: string,
    description: string,
  ) => (
    <Switch
      label={label}
      description={description}
      checked={draft[name]}
      onChange={(event) => set({ [name]: event.currentTarget.checked })}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack>
        {failure('name', 'feature_name_regex', 'stale_flags_limit_days')}
        <Card
          title="General"
          description={`${project.total_features} features and ${project.total_segments} segments are in it.`}
        >
          <TextInput
            label="Name"
            required
            error={errors.name}
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
        </Card>
        <Card title="Features" description="What new features have to look like, and when old ones count as stale.">
          <TextInput
            label="Pattern for names"
            description="What the whole name of a new feature must match, as a regular expression; empty for any name"
            placeholder="[a-z]+_[a-z_]+"
            error={errors.feature_name_regex}
            classNames={{ input: 'mono' }}
            value={draft.feature_name_regex}
            onChange={(event) => set({ feature_name_regex: event.currentTarget.value })}
          />
          <NumberInput
            label="Days until a feature counts as stale"
            description="Without a change in any environment; a tag that says “stays” keeps a feature out"
            min={0}
            error={errors.stale_flags_limit_days}
            value={draft.stale_flags_limit_days}
            onChange={(days) => set({ stale_flags_limit_days: Number(days) || 0 })}
          />
          {toggle('only_allow_lower_case_feature_names', 'Names in lower case only', 'NewCheckout becomes newcheckout')}
          {toggle('enforce_feature_owners', 'Every feature needs an owner', 'A person or a group, from the start')}
          {toggle(
            'prevent_flag_defaults',
            'New features start off and without a value',
            'Whatever their author says; each environment is set on its own',
          )}
        </Card>
        <Card title="SDKs">
          {toggle(
            'hide_disabled_flags',
            'SDKs do not get features that are off',
            'They see the default of the code instead. An environment can decide otherwise.',
          )}
          {toggle(
            'enable_realtime_updates',
            'Tell connected SDKs of changes at once',
            'Otherwise they find out when they ask the next time',
          )}
        </Card>
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            Id {project.id} · {project.uuid}
          </Text>
          <Button type="submit" loading={saving}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
