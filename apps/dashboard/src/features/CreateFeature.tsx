import type { FeatureTable } from '@halyard/contract';
import { Alert, Button, Drawer, Group, MultiSelect, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { CustomFieldInputs, type CustomValue } from '../custom-fields/CustomFieldInputs.tsx';
import { ValueEditor } from '../ui/ValueEditor.tsx';
import type { Scalar } from '../ui/shown.ts';
import { createFeature } from './queries.ts';

interface CreateFeatureProps {
  project: number;
  table: FeatureTable;
  onClose: () => void;
  onCreated: (id: number) => void;
}

/** A new feature, which starts alike in every environment. */
export function CreateFeature({ project, table, onClose, onCreated }: CreateFeatureProps) {
  const [name, setName] = useState('');
  const [value, setValue] = useState<Scalar>(null);
  const [problem, setProblem] = useState<string>();
  const [enabled, setEnabled] = useState(false);
  const [description, setDescription] = useState('');
  const [tags, setTags] = useState<string[]>([]);
  const [serverOnly, setServerOnly] = useState(false);
  const [metadata, setMetadata] = useState<CustomValue[]>([]);
  const create = useMutation({
    mutationFn: () =>
      createFeature(project, {
        name: name.trim(),
        initial_value: value === null ? null : String(value),
        default_enabled: enabled,
        description,
        tags: tags.map(Number),
        is_server_key_only: serverOnly,
        is_archived: false,
        owners: [],
        group_owners: [],
        metadata,
      }),
    onSuccess: ({ id }) => onCreated(id),
  });
  const fields = create.error instanceof ApiError ? create.error.fields : {};
  const lower = table.project.only_allow_lower_case_feature_names;
  return (
    <Drawer opened onClose={onClose} size="min(560px, 100vw)" title={<Text fw={600}>Create feature</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!problem) create.mutate();
        }}
      >
        <Stack>
          {create.isError && Object.keys(fields).length === 0 && <Alert color="red">{messageFor(create.error)}</Alert>}
          <TextInput
            label="Name"
            description="What code asks for; it cannot be changed later"
            placeholder="new_checkout"
            required
            classNames={{ input: 'mono' }}
            value={name}
            error={fields.name ?? fields.non_field_errors}
            onChange={(event) => {
              const text = event.currentTarget.value.replaceAll(' ', '_');
              setName(lower ? text.toLowerCase() : text);
            }}
            data-autofocus
          />
          <Switch
            label="On"
            description="In every environment, to begin with"
            checked={enabled}
            onChange={(event) => setEnabled(event.currentTarget.checked)}
          />
          <ValueEditor
            label="Value"
            value={value}
            onChange={setValue}
            onProblem={setProblem}
            error={fields.initial_value}
          />
          <Textarea
            label="Description"
            autosize
            minRows={2}
            value={description}
            error={fields.description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <MultiSelect
            label="Tags"
            data={table.tags.filter((tag) => !tag.is_system_tag).map(({ id, label }) => ({ value: String(id), label }))}
            value={tags}
            onChange={setTags}
            searchable
          />
          <CustomFieldInputs fields={table.metadata_fields} values={metadata} onChange={setMetadata} errors={fields} />
          <Switch
            label="Server-side only"
            description="SDKs with a client-side key do not get it"
            checked={serverOnly}
            onChange={(event) => setServerOnly(event.currentTarget.checked)}
          />
          <Text size="xs" c="dimmed">
            Variants and overrides are added on its page.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={name.trim() === '' || problem !== undefined}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}
