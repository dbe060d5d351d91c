import type { Organisation } from '@halyard/contract';
import { Button, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../ui/Card.tsx';
import { Loaded } from '../ui/States.tsx';
import { useSave } from '../ui/useSave.tsx';
import { changeOrganisation, organisation as organisationQuery } from './queries.ts';

/** An organisation's name, and the rules that its members follow. */
export function OrganisationGeneralTab({ id }: { id: number }) {
  return (
    <Loaded query={useQuery(organisationQuery(id))}>
      {(organisation) => <General key={id} organisation={organisation} />}
    </Loaded>
  );
}

function General({ organisation }: { organisation: Organisation }) {
  const [draft, setDraft] = useState({
    name: organisation.name,
    force_2fa: organisation.force_2fa,
    restrict_project_create_to_admin: organisation.restrict_project_create_to_admin,
    webhook_notification_email: organisation.webhook_notification_email ?? '',
  });
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const { save, saving, errors, failure } = useSave(() =>
    changeOrganisation(organisation.id, {
      ...draft,
      name: draft.name.trim(),
      webhook_notification_email: draft.webhook_notification_email.trim() || null,
    }),
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack>
        {failure('name', 'webhook_notification_email')}
        <Card title="General">
          <TextInput
            label="Name"
            required
            error={errors.name}
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <TextInput
            label="E-mail for failing webhooks"
            description="Is told when a webhook cannot be reached; empty for nobody"
            type="email"
            error={errors.webhook_notification_email}
            value={draft.webhook_notification_email}
            onChange={(event) => set({ webhook_notification_email: event.currentTarget.value })}
          />
        </Card>
        <Card title="Members">
          <Switch
            label="Everybody needs two-factor login"
            description="Who has not set it up yet is asked to before going on"
            checked={draft.force_2fa}
            onChange={(event) => set({ force_2fa: event.currentTarget.checked })}
          />
          <Switch
            label="Only administrators create projects"
            description="Whatever else was permitted to others"
            checked={draft.restrict_project_create_to_admin}
            onChange={(event) => set({ restrict_project_create_to_admin: event.currentTarget.checked })}
          />
        </Card>
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            Id {organisation.id} · {organisation.uuid}
          </Text>
          <Button type="submit" loading={saving}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
