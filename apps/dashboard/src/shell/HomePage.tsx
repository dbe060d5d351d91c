import { Alert, Button, Center, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Navigate, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { createOrganisation, createProject, refreshSession, session } from './queries.ts';

/** Goes on to the first project, or begins with an organisation where there is none. */
export function HomePage() {
  const query = useQuery(session());
  return (
    <Loaded query={query}>
      {({ organisations, may_create_organisations }) => {
        const [organisation] = organisations;
        const project = organisations.flatMap(({ projects }) => projects)[0];
        if (project && organisations.length === 1)
          return <Navigate to="/projects/$project/features" params={{ project: String(project.id) }} replace />;
        if (organisation)
          return (
            <Navigate
              to="/organisations/$organisation/projects"
              params={{ organisation: String(organisation.id) }}
              replace
            />
          );
        if (may_create_organisations) return <Begin />;
        return <Page title="Welcome">You belong to no organisation yet. Ask somebody for an invitation.</Page>;
      }}
    </Loaded>
  );
}

function Begin() {
  const [organisation, setOrganisation] = useState('');
  const [project, setProject] = useState('');
  const navigate = useNavigate();
  const begin = useMutation({
    mutationFn: async () => {
      const { id } = await createOrganisation(organisation.trim());
      return createProject(id, project.trim(), ['Development', 'Production']);
    },
    onSuccess: async ({ id }) => {
      await navigate({ to: `/projects/${id}/connect` });
      await refreshSession();
    },
  });
  return (
    <Center py="xl">
      <Paper p="xl" w="100%" maw={440} bg="var(--card)">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            begin.mutate();
          }}
        >
          <Stack>
            <div>
              <Title order={1} size="h3">
                Welcome to Halyard
              </Title>
              <Text size="sm" c="dimmed">
                An organisation holds your people and projects; a project holds the features of one application.
              </Text>
            </div>
            {begin.isError && <Alert color="red">{messageFor(begin.error)}</Alert>}
            <TextInput
              label="Organisation"
              placeholder="Acme"
              required
              withAsterisk={false}
              value={organisation}
              onChange={(event) => setOrganisation(event.currentTarget.value)}
              autoFocus
            />
            <TextInput
              label="First project"
              placeholder="Shop"
              required
              withAsterisk={false}
              value={project}
              onChange={(event) => setProject(event.currentTarget.value)}
            />
            <Text size="xs" c="dimmed">
              It starts with the environments Development and Production.
            </Text>
            <Button
              type="submit"
              loading={begin.isPending}
              disabled={organisation.trim() === '' || project.trim() === ''}
            >
              Create
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
