import type { CustomField, MetadataEntity, SessionOrganisation } from '@halyard/contract';
import {
  ActionIcon,
  Badge,
  Box,
  Button,
  Checkbox,
  Group,
  Modal,
  MultiSelect,
  NativeSelect,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconForms, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { entityNames, typeNames } from '../custom-fields/fields.ts';
import { findProject, session } from '../shell/queries.ts';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Empty, Loaded, Loading } from '../ui/States.tsx';
import { useSave } from '../ui/useSave.tsx';
import { deleteCustomField, organisationCustomFields, projectCustomFields, saveCustomField } from './queries.ts';

/** The custom fields of a project, and those that it has from its organisation. */
export function ProjectCustomFieldsTab({ id }: { id: number }) {
  const query = useQuery(projectCustomFields(id));
  const { data: own } = useQuery(session());
  const organisation = own && findProject(own, id)?.organisation;
  if (!organisation) return <Loading />;
  return (
    <Loaded query={query}>
      {(fields) => (
        <Stack>
          <Fields
            title="Custom fields of this project"
            description="What else you want to know of features, segments and environments here: a ticket, a team, an end date."
            organisation={organisation}
            project={id}
            fields={fields.filter(({ project }) => project !== null)}
            mayEdit
          />
          <Fields
            title={`From ${organisation.name}`}
            description="These are there in every project. One of this project with the same name takes its place here."
            organisation={organisation}
            project={null}
            fields={fields.filter(({ project }) => project === null)}
            mayEdit={organisation.my_permissions.admin}
          />
        </Stack>
      )}
    </Loaded>
  );
}

/** The custom fields that all projects of an organisation have. */
export function OrganisationCustomFieldsTab({ id }: { id: number }) {
  const query = useQuery(organisationCustomFields(id));
  const { data: own } = useQuery(session());
  const organisation = own?.organisations.find((one) => one.id === id);
  if (!organisation) return <Loading />;
  return (
    <Loaded query={query}>
      {(fields) => (
        <Fields
          title="Custom fields"
          description="What else you want to know of features, segments and environments, in every project. A project can have more of its own."
          organisation={organisation}
          project={null}
          fields={fields}
          mayEdit
        />
      )}
    </Loaded>
  );
}

interface FieldsProps {
  title: string;
  description: string;
  organisation: SessionOrganisation;
  /** Whose own fields these are; null for the organisation's. */
  project: number | null;
  fields: CustomField[];
  mayEdit: boolean;
}

function Fields({ title, description, organisation, project, fields, mayEdit }: FieldsProps) {
  const [editing, setEditing] = useState<CustomField | 'new'>();
  const [deleting, setDeleting] = useState<CustomField>();
  return (
    <Card
      title={title}
      description={description}
      aside={
        mayEdit && (
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setEditing('new')}>
            Create field
          </Button>
        )
      }
    >
      {fields.length === 0 ? (
        <Empty title="No fields here" icon={<IconForms size={24} />}>
          A field can be for features, segments and environments, and it can be required.
        </Empty>
      ) : (
        <Stack gap={0} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label={title}>
          {fields.map((field) => (
            <li key={field.id} style={{ borderTop: '1px solid var(--line)', padding: '8px 0' }}>
              <Group justify="space-between" wrap="nowrap" align="flex-start">
                <Box miw={0}>
                  <Group gap="xs">
                    <Text size="sm" fw={600}>
                      {field.name}
                    </Text>
                    <Badge color="gray">{typeNames[field.type]}</Badge>
                    {field.is_hidden && <Badge color="yellow">replaced in this project</Badge>}
                  </Group>
                  {field.description && (
                    <Text size="sm" c="dimmed">
                      {field.description}
                    </Text>
                  )}
                  <Text size="xs" c="dimmed">
                    {field.of.length === 0
                      ? 'For nothing yet'
                      : field.of
                          .map((one) => `${entityNames[one.entity]}${whereRequired(one, organisation)}`)
                          .join(' · ')}
                  </Text>
                </Box>
                {mayEdit && (
                  <Group gap={2} wrap="nowrap">
                    <ActionIcon aria-label={`Edit ${field.name}`} onClick={() => setEditing(field)}>
                      <IconPencil size={16} />
                    </ActionIcon>
                    <ActionIcon color="red" aria-label={`Delete ${field.name}`} onClick={() => setDeleting(field)}>
                      <IconTrash size={16} />
                    </ActionIcon>
                  </Group>
                )}
              </Group>
            </li>
          ))}
        </Stack>
      )}
      {editing && (
        <FieldDialog
          organisation={organisation}
          project={project}
          field={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
        />
      )}
      {deleting && (
        <ConfirmDialog
          title={`Delete ${deleting.name}?`}
          action="Delete field"
          onConfirm={() => deleteCustomField(deleting.id)}
          onClose={() => setDeleting(undefined)}
        >
          Everything that was filled in goes with it. This cannot be undone.
        </ConfirmDialog>
      )}
    </Card>
  );
}

function whereRequired(of: CustomField['of'][number], organisation: SessionOrganisation): string {
  if (of.required_in_organisation) return ' (required)';
  if (of.required_in_projects.length === 0) return '';
  const names = of.required_in_projects.map(
    (id) => organisation.projects.find((one) => one.id === id)?.name ?? `#${id}`,
  );
  return ` (required in ${names.join(', ')})`;
}

type DraftOf = Record<MetadataEntity, { on: boolean; everywhere: boolean; projects: number[] }>;

const entities: MetadataEntity[] = ['feature', 'segment', 'environment'];

function draftOf(field: CustomField | undefined): DraftOf {
  return Object.fromEntries(
    entities.map((entity) => {
      const of = field?.of.find((one) => one.entity === entity);
      const everywhere = of?.required_in_organisation ?? false;
      return [entity, { on: of !== undefined, everywhere, projects: of?.required_in_projects ?? [] }];
    }),
  ) as DraftOf;
}

interface FieldDialogProps {
  organisation: SessionOrganisation;
  project: number | null;
  field: CustomField | undefined;
  onClose: () => void;
}

function FieldDialog({ organisation, project, field, onClose }: FieldDialogProps) {
  const [name, setName] = useState(field?.name ?? '');
  const [type, setType] = useState<CustomField['type']>(field?.type ?? 'str');
  const [description, setDescription] = useState(field?.description ?? '');
  const [of, setOf] = useState(() => draftOf(field));
  const set = (entity: MetadataEntity, change: Partial<DraftOf[MetadataEntity]>) =>
    setOf((before) => ({ ...before, [entity]: { ...before[entity], ...change } }));
  const lost = entities.filter((entity) => field?.of.some((one) => one.entity === entity) && !of[entity].on);
  const { save, saving, errors, failure } = useSave(async () => {
    await saveCustomField(organisation.id, {
      id: field?.id,
      project,
      name: name.trim(),
      type,
      description: description || null,
      of: entities
        .filter((entity) => of[entity].on)
        .map((entity) => ({
          entity,
          required_in_organisation: of[entity].everywhere,
          required_in_projects: of[entity].everywhere ? [] : of[entity].projects,
        })),
    });
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{field ? `Edit ${field.name}` : 'Create field'}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          {failure('name', 'description')}
          <TextInput
            label="Name"
            placeholder="Ticket"
            required
            data-autofocus
            error={errors.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label="Kind of value"
            description={field ? 'What was filled in stays as it is, until somebody edits it' : undefined}
            value={type}
            data={Object.entries(typeNames).map(([value, label]) => ({ value, label }))}
            onChange={(event) => setType(event.currentTarget.value as CustomField['type'])}
          />
          <Textarea
            label="Description"
            autosize
            minRows={1}
            error={errors.description}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Stack gap="xs" role="group" aria-label="What it is for">
            <Text size="sm" fw={500}>
              What it is for
            </Text>
            {entities.map((entity) => (
              <Box key={entity} className="card" p="xs">
                <Checkbox
                  label={entityNames[entity]}
                  checked={of[entity].on}
                  onChange={(event) => set(entity, { on: event.currentTarget.checked })}
                />
                {of[entity].on && (
                  <Required
                    entity={entity}
                    organisation={organisation}
                    project={project}
                    value={of[entity]}
                    onChange={(change) => set(entity, change)}
                  />
                )}
              </Box>
            ))}
          </Stack>
          {lost.length > 0 && (
            <Text size="sm" c="var(--mantine-color-error)" role="status">
              What was filled in for {lost.map((entity) => entityNames[entity].toLowerCase()).join(' and ')} is lost.
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving} disabled={name.trim() === ''}>
              {field ? 'Save' : 'Create'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface RequiredProps {
  entity: MetadataEntity;
  organisation: SessionOrganisation;
  project: number | null;
  value: DraftOf[MetadataEntity];
  onChange: (change: Partial<DraftOf[MetadataEntity]>) => void;
}

/** Where a field has to be filled: in its project, or in all or some of an organisation's. */
function Required({ entity, organisation, project, value, onChange }: RequiredProps) {
  const of = entityNames[entity].toLowerCase();
  if (project !== null) {
    return (
      <Checkbox
        mt="xs"
        ml={28}
        label={`Required for ${of}`}
        checked={value.everywhere || value.projects.includes(project)}
        onChange={(event) => onChange({ everywhere: false, projects: event.currentTarget.checked ? [project] : [] })}
      />
    );
  }
  return (
    <Stack gap="xs" mt="xs" ml={28}>
      <Checkbox
        label={`Required for ${of} of every project`}
        checked={value.everywhere}
        onChange={(event) => onChange({ everywhere: event.currentTarget.checked })}
      />
      {!value.everywhere && (
        <MultiSelect
          size="xs"
          label={`Required for ${of} of these projects`}
          placeholder={value.projects.length === 0 ? 'None' : ''}
          data={organisation.projects.map(({ id, name }) => ({ value: String(id), label: name }))}
          value={value.projects.map(String)}
          onChange={(projects) => onChange({ projects: projects.map(Number) })}
          searchable
          hidePickedOptions
        />
      )}
    </Stack>
  );
}
