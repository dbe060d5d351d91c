import type { FeaturePage } from '@halyard/contract';
import {
  ActionIcon,
  Box,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { CustomFieldInputs, missingFields } from '../custom-fields/CustomFieldInputs.tsx';
import { useState } from 'react';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { notifyDone } from '../ui/notify.ts';
import { ValueEditor } from '../ui/ValueEditor.tsx';
import type { DraftVariant, SettingsDraft } from './draft.ts';
import { CodePanel } from './CodePanel.tsx';
import { LinksPanel } from './LinksPanel.tsx';
import { Section } from './EnvironmentPanel.tsx';
import { nameOf } from '../people/names.ts';
import { changeFeatures } from './queries.ts';

interface SettingsPanelProps {
  page: FeaturePage;
  draft: SettingsDraft;
  onChange: (settings: SettingsDraft) => void;
  onProblem: (where: string, problem: string | undefined) => void;
  onGone?: () => void;
}

/** What a feature is in every environment: description, variants, tags, owners, custom fields. */
export function SettingsPanel({ page, draft, onChange, onProblem, onGone }: SettingsPanelProps) {
  const { admin, permissions } = page.project.my_permissions;
  const readOnly = !admin && !permissions.includes('CREATE_FEATURE');
  const mayDelete = admin || permissions.includes('DELETE_FEATURE');
  const [demanding, setDemanding] = useState(false);
  const set = (change: Partial<SettingsDraft>) => onChange({ ...draft, ...change });
  const setVariant = (id: number, change: Partial<DraftVariant>) =>
    set({ variants: draft.variants.map((one) => (one.id === id ? { ...one, ...change } : one)) });
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    await changeFeatures(page.project.id, { features: [page.feature.id], action: 'delete' });
    notifyDone(`${page.feature.name} is deleted`);
    onGone?.();
  };
  return (
    <Stack>
      <Section title="About">
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={10}
          readOnly={readOnly}
          value={draft.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <MultiSelect
          label="Tags"
          readOnly={readOnly}
          data={page.tags.map(({ id, label }) => ({ value: String(id), label }))}
          value={draft.tags.map(String)}
          onChange={(tags) => set({ tags: tags.map(Number) })}
          searchable
          hidePickedOptions
        />
        <Group grow align="flex-start">
          <MultiSelect
            label="Owners"
            readOnly={readOnly}
            data={page.people.map((person) => ({ value: String(person.id), label: nameOf(person) }))}
            value={draft.owners.map(String)}
            onChange={(owners) => set({ owners: owners.map(Number) })}
            searchable
            hidePickedOptions
          />
          {page.groups.length > 0 && (
            <MultiSelect
              label="Owning groups"
              readOnly={readOnly}
              data={page.groups.map(({ id, name }) => ({ value: String(id), label: name }))}
              value={draft.group_owners.map(String)}
              onChange={(groups) => set({ group_owners: groups.map(Number) })}
              searchable
              hidePickedOptions
            />
          )}
        </Group>
      </Section>
      <Section
        title="Variants"
        description="Their values are the same in every environment; how many people get each is set there."
        count={draft.variants.length}
      >
        {draft.variants.map((variant, index) => (
          <Box key={variant.id} className="card" p="sm" role="group" aria-label={`Variant ${index + 1}`}>
            <Group align="flex-end" wrap="nowrap" mb="xs">
              <TextInput
                flex="1 1 0"
                label="Key"
                placeholder={`variant_${index + 1}`}
                readOnly={readOnly}
                value={variant.key ?? ''}
                onChange={(event) => setVariant(variant.id, { key: event.currentTarget.value || null })}
              />
              <NumberInput
                w={130}
                label="Default weight"
                suffix=" %"
                min={0}
                max={100}
                readOnly={readOnly}
                value={variant.default_percentage_allocation}
                onChange={(weight) => setVariant(variant.id, { default_percentage_allocation: Number(weight) || 0 })}
              />
              {!readOnly && (
                <ActionIcon
                  size="lg"
                  color="red"
                  aria-label={`Remove variant ${index + 1}`}
                  onClick={() => set({ variants: draft.variants.filter(({ id }) => id !== variant.id) })}
                >
                  <IconTrash size={16} />
                </ActionIcon>
              )}
            </Group>
            <ValueEditor
              label="Value"
              value={variant.value}
              readOnly={readOnly}
              onChange={(value) => setVariant(variant.id, { value })}
              onProblem={(problem) => onProblem(`variant ${variant.id}`, problem)}
            />
          </Box>
        ))}
        {!readOnly && (
          <Button
            variant="default"
            leftSection={<IconPlus size={16} />}
            onClick={() =>
              set({
                variants: [
                  ...draft.variants,
                  {
                    id: Math.min(0, ...draft.variants.map(({ id }) => id)) - 1,
                    key: null,
                    value: null,
                    default_percentage_allocation: 0,
                  },
                ],
              })
            }
          >
            Add variant
          </Button>
        )}
      </Section>
      {page.metadata_fields.length > 0 && (
        <Section title="Custom fields">
          <CustomFieldInputs
            fields={page.metadata_fields}
            values={draft.metadata}
            readOnly={readOnly}
            // What was never filled in is asked for with the first change of a field, not before.
            demanding={demanding}
            onChange={(metadata) => {
              setDemanding(true);
              set({ metadata });
              const [missing] = missingFields(page.metadata_fields, metadata);
              onProblem('custom fields', missing && `${missing.name} is required.`);
            }}
          />
        </Section>
      )}
      <Section title="Behaviour">
        <Switch
          label="Server-side only"
          description="SDKs with a client-side key do not get it"
          disabled={readOnly}
          checked={draft.is_server_key_only}
          onChange={(event) => set({ is_server_key_only: event.currentTarget.checked })}
        />
        <Switch
          label="Archived"
          description="Hidden from lists; SDKs go on getting it"
          disabled={readOnly}
          checked={draft.is_archived}
          onChange={(event) => set({ is_archived: event.currentTarget.checked })}
        />
      </Section>
      <LinksPanel page={page} readOnly={readOnly} />
      <CodePanel page={page} />
      {mayDelete && (
        <Section title="Delete" description="It is gone from every environment at once. This cannot be undone.">
          <Box>
            <Button variant="light" color="red" onClick={() => setAsking(true)}>
              Delete feature
            </Button>
          </Box>
          {asking && (
            <ConfirmDialog
              title="Delete this feature?"
              action="Delete feature"
              typed={page.feature.name}
              onConfirm={remove}
              onClose={() => setAsking(false)}
            >
              Every environment serves it no more, and its overrides and variants are gone. This cannot be undone.
            </ConfirmDialog>
          )}
        </Section>
      )}
      <Text size="xs" c="dimmed">
        Id {page.feature.id} · {page.feature.uuid}
      </Text>
    </Stack>
  );
}
