import type { AccessLevel, DetailedPermissions, MemberAccess } from '@halyard/contract';
import { Badge, Button, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { Loaded } from '../ui/States.tsx';
import { permissionName } from './access.ts';
import { nameOf } from './names.ts';
import { memberAccess } from './queries.ts';

interface MemberAccessDrawerProps {
  organisation: number;
  person: number;
  onClose: () => void;
  onProject: (project: number, environment?: number) => void;
}

/** All that one person may do, place by place, each with what it comes from. */
export function MemberAccessDrawer({ organisation, person, onClose, onProject }: MemberAccessDrawerProps) {
  const query = useQuery(memberAccess(organisation, person));
  const title = query.data ? `What may ${nameOf(query.data.person)} do?` : 'What may they do?';
  return (
    <Drawer
      opened
      onClose={onClose}
      size="lg"
      title={
        <Text fw={650} size="lg">
          {title}
        </Text>
      }
    >
      <Loaded query={query}>{(access) => <Access access={access} onProject={onProject} />}</Loaded>
    </Drawer>
  );
}

function Access({ access, onProject }: { access: MemberAccess; onProject: MemberAccessDrawerProps['onProject'] }) {
  const { person, groups, organisation, projects } = access;
  const isAdmin = person.role === 'ADMIN';
  return (
    <Stack>
      <Group gap={6}>
        <Text size="sm" c="dimmed">
          {person.email}
        </Text>
        {groups.map(({ id, name }) => (
          <Badge key={id} color="gray">
            {name}
          </Badge>
        ))}
      </Group>
      {isAdmin ? (
        <Text size="sm">
          Everything, everywhere in the organisation: {nameOf(person)} is one of its administrators.
          {projects.length > 0 && ' What stands below would be left without that.'}
        </Text>
      ) : (
        <Place name="In the organisation" level="organisation" details={organisation} access={access} />
      )}
      {!isAdmin && projects.length === 0 && (
        <Text size="sm">Nothing in any project: {nameOf(person)} sees none of them.</Text>
      )}
      {projects.map((project) => (
        <section key={project.id} aria-label={project.name} className="card" style={{ padding: 14 }}>
          <Group justify="space-between" wrap="nowrap" mb={4}>
            <Title order={3} size="h6">
              {project.name}
            </Title>
            <Button
              size="compact-xs"
              variant="subtle"
              rightSection={<IconArrowRight size={13} />}
              onClick={() => onProject(project.id)}
              aria-label={`Permissions of ${project.name}`}
            >
              Permissions
            </Button>
          </Group>
          <Stack gap="sm">
            <Place name="The project" level="project" details={project} access={access} />
            {!project.admin &&
              project.environments.map((environment) => (
                <Place
                  key={environment.id}
                  name={<EnvironmentName environment={environment} />}
                  level="environment"
                  details={environment}
                  access={access}
                />
              ))}
          </Stack>
        </section>
      ))}
    </Stack>
  );
}

interface PlaceProps {
  name: ReactNode;
  level: AccessLevel;
  details: DetailedPermissions;
  access: MemberAccess;
}

function Place({ name, level, details, access }: PlaceProps) {
  return (
    <div>
      <Text size="sm" fw={600} component="div" mb={2}>
        {name}
      </Text>
      {details.admin && (
        <Line
          what={level === 'project' ? 'Everything, in its environments too' : 'Everything'}
          from={originText(details)}
        />
      )}
      {!details.admin && details.permissions.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing
        </Text>
      )}
      {!details.admin &&
        details.permissions.map((permission) => (
          <Line
            key={permission.permission_key}
            what={permissionName(
              permission.permission_key,
              access.permissions[level]?.find(({ key }) => key === permission.permission_key)?.description,
            )}
            from={originText(permission)}
          />
        ))}
    </div>
  );
}

function Line({ what, from }: { what: string; from: string }) {
  return (
    <Group justify="space-between" gap="sm" wrap="nowrap" align="baseline">
      <Text size="sm">{what}</Text>
      <Text size="xs" c="dimmed" ta="right">
        {from}
      </Text>
    </Group>
  );
}

function originText(of: Pick<DetailedPermissions, 'is_directly_granted' | 'derived_from'>): string {
  const groups = of.derived_from.groups.map(({ name }) => `through ${name}`);
  return [...(of.is_directly_granted ? ['given directly'] : []), ...groups].join(', ');
}
