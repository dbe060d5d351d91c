import type { SessionEnvironment } from '@halyard/contract';
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconServer } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { CustomFieldInputs, type CustomValue } from '../custom-fields/CustomFieldInputs.tsx';
import { fieldsFor } from '../custom-fields/fields.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { findProject, session } from '../shell/queries.ts';
import { Card } from '../ui/Card.tsx';
import { CopyField } from '../ui/CopyField.tsx';
import { Empty, Loaded, Loading } from '../ui/States.tsx';
import { useSave } from '../ui/useSave.tsx';
import classes from './EnvironmentsTab.module.css';
import { EnvironmentEditor } from './EnvironmentEditor.tsx';
import { createEnvironment, environmentSettings, projectCustomFields } from './queries.ts';

/** The environments of a project; the one that the address names is open. */
export function EnvironmentsTab({ id }: { id: number }) {
  const { data: own } = useQuery(session());
  const search = useSearch({ strict: false }) as { environment?: number };
  const [creating, setCreating] = useState(false);
  const project = own && findProject(own, id)?.project;
  if (!project) return <Loading />;
  const { environments, my_permissions: rights } = project;
  const current = environments.find((one) => one.id === search.environment) ?? environments[0];
  const mayCreate = rights.admin || rights.permissions.includes('CREATE_ENVIRONMENT');
  return (
    <Stack>
      <Group justify="space-between" align="flex-start" gap="xs">
        <nav className={classes.list} aria-label="Environments">
          {environments.map((environment) => (
            <Link
              key={environment.id}
              to="."
              search={{ environment: environment.id }}
              className={classes.one}
              aria-current={environment.id === current?.id ? 'true' : undefined}
            >
              <EnvironmentName environment={environment} />
            </Link>
          ))}
        </nav>
        {mayCreate && (
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
            Create environment
          </Button>
        )}
      </Group>
      {current ? (
        <Chosen key={current.id} project={id} environment={current} mayClone={mayCreate} />
      ) : (
        <Empty title="No environments yet" icon={<IconServer size={24} />}>
          Features are on or off in an environment, such as Development and Production.
        </Empty>
      )}
      {creating && <CreateDialog project={id} onClose={() => setCreating(false)} />}
    </Stack>
  );
}

interface ChosenProps {
  project: number;
  environment: SessionEnvironment;
  mayClone: boolean;
}

function Chosen({ project, environment, mayClone }: ChosenProps) {
  const isAdmin = environment.my_permissions.admin;
  const query = useQuery({ ...environmentSettings(environment.api_key), enabled: isAdmin });
  if (!isAdmin) {
    return (
      <Card title="Keys" description="Who administers this environment sees and changes the rest.">
        <CopyField name="Client-side key" note="For apps and browsers. It is no secret." value={environment.api_key} />
      </Card>
    );
  }
  return (
    <Loaded query={query}>
      {(settings) => <EnvironmentEditor project={project} settings={settings} mayClone={mayClone} />}
    </Loaded>
  );
}

function CreateDialog({ project, onClose }: { project: number; onClose: () => void }) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [values, setValues] = useState<CustomValue[]>([]);
  const fields = useQuery(projectCustomFields(project));
  const navigate = useNavigate();
  const { save, saving, errors, failure } = useSave(async () => {
    const made = await createEnvironment(project, { name: name.trim(), description, metadata: values });
    await navigate({ to: '.', search: { environment: made.id } });
    onClose();
  }, 'The environment is there');
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Create environment</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          {failure('name')}
          <Text size="sm" c="dimmed">
            Every feature is there from the start, as it was created. To begin with what another environment serves,
            copy that one instead.
          </Text>
          <TextInput
            label="Name"
            placeholder="Staging"
            required
            data-autofocus
            error={errors.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="Description"
            autosize
            minRows={1}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <CustomFieldInputs
            fields={fieldsFor('environment', project, fields.data ?? [])}
            values={values}
            onChange={setValues}
            errors={errors}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving} disabled={name.trim() === '' || fields.isPending}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
