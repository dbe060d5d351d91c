import { Alert, Anchor, Button, Group, Modal, SimpleGrid, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconFlag, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { createProject, refreshSession, session } from '../shell/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Empty, Failed, Loaded } from '../ui/States.tsx';

/** The projects of an organisation, with their environments. */
export function ProjectsPage() {
  const id = Number(useParams({ from: '/app/organisations/$organisation' }).organisation);
  const query = useQuery(session());
  const [creating, setCreating] = useState(false);
  return (
    <Loaded query={query}>
      {(data) => {
        const organisation = data.organisations.find((one) => one.id === id);
        if (!organisation) return <Failed error={new Error('unknown')} />;
        const { admin, permissions } = organisation.my_permissions;
        const mayCreate = admin || permissions.includes('CREATE_PROJECT');
        return (
          <Page
            title="Projects"
            of={organisation.name}
            actions={
              mayCreate && (
                <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
                  Create project
                </Button>
              )
            }
          >
            {organisation.projects.length === 0 ? (
              <div className="card">
                <Empty title="No projects yet" icon={<IconFlag size={24} />}>
                  {mayCreate
                    ? 'A project holds the features of one application.'
                    : 'Nobody has given you access to a project yet. Ask an administrator.'}
                </Empty>
              </div>
            ) : (
              <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }}>
                {organisation.projects.map((project) => (
                  <div key={project.id} className="card" style={{ padding: 16 }}>
                    <Anchor component={Link} to={`/projects/${project.id}/features`} fw={600} c="inherit">
                      {project.name}
                    </Anchor>
                    <Group gap="md" mt="sm">
                      {project.environments.map((environment) => (
                        <EnvironmentName key={environment.id} environment={environment} size="xs" />
                      ))}
                    </Group>
                  </div>
                ))}
              </SimpleGrid>
            )}
            {creating && <CreateProject organisation={id} onClose={() => setCreating(false)} />}
          </Page>
        );
      }}
    </Loaded>
  );
}

function CreateProject({ organisation, onClose }: { organisation: number; onClose: () => void }) {
  const [name, setName] = useState('');
  const [environments, setEnvironments] = useState(['Development', 'Production']);
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => createProject(organisation, name.trim(), environments),
    onSuccess: async ({ id }) => {
      await navigate({ to: `/projects/${id}/connect` });
      await refreshSession();
    },
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Create project</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          {create.isError && <Alert color="red">{messageFor(create.error)}</Alert>}
          <TextInput
            label="Name"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <TagsInput
            label="Environments"
            description="In the order of the table; more can follow later"
            value={environments}
            onChange={setEnvironments}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={name.trim() === '' || environments.length === 0} loading={create.isPending}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
