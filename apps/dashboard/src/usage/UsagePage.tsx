import type { UsageReport } from '@halyard/contract';
import {
  Anchor,
  Box,
  Group,
  NativeSelect,
  Paper,
  Progress,
  Stack,
  Table,
  Text,
  Title,
  VisuallyHidden,
} from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { session } from '../shell/queries.ts';
import { BarsByDay } from '../ui/BarsByDay.tsx';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { usageReport } from './queries.ts';

const kinds = [
  { name: 'flags', label: 'Flags', color: '#128a77' },
  { name: 'identities', label: 'Identities', color: '#1c7ed6' },
  { name: 'environment_document', label: 'Local evaluation', color: '#e8890c' },
  { name: 'traits', label: 'Traits', color: '#9c36b5' },
];
const periods = [7, 30, 90];

/** How often SDKs asked: by day, by environment and by client. */
export function UsagePage() {
  const id = Number(useParams({ from: '/app/organisations/$organisation' }).organisation);
  const { days = 30, project, environment } = useSearch({ from: '/app/organisations/$organisation/usage' });
  const navigate = useNavigate();
  const { data: own } = useQuery(session());
  const organisation = own?.organisations.find((one) => one.id === id);
  const query = useQuery({
    ...usageReport(id, { days, project_id: project, environment_id: environment }),
    placeholderData: keepPreviousData,
  });
  const set = (change: { days?: number; project?: number | undefined; environment?: number | undefined }) =>
    void navigate({
      to: '.',
      search: Object.fromEntries(
        Object.entries({ days, project, environment, ...change }).filter(([, value]) => value !== undefined),
      ),
      replace: true,
    });
  const environments = organisation?.projects.find((one) => one.id === project)?.environments ?? [];
  return (
    <Page
      title="Usage"
      of={organisation?.name}
      width={1080}
      description="Requests of your SDKs, counted here as they are answered. Days are in UTC; counts come some seconds late."
    >
      <Group gap="xs" mb="md" align="flex-end">
        <NativeSelect
          label="Period"
          data={periods.map((count) => ({ value: String(count), label: `Last ${count} days` }))}
          value={days}
          onChange={(event) => set({ days: Number(event.currentTarget.value) })}
        />
        <NativeSelect
          label="Project"
          data={[
            { value: '', label: 'All projects' },
            ...(organisation?.projects ?? []).map((one) => ({ value: String(one.id), label: one.name })),
          ]}
          value={project ?? ''}
          onChange={(event) => set({ project: Number(event.currentTarget.value) || undefined, environment: undefined })}
        />
        {environments.length > 0 && (
          <NativeSelect
            label="Environment"
            data={[
              { value: '', label: 'All environments' },
              ...environments.map((one) => ({ value: String(one.id), label: one.name })),
            ]}
            value={environment ?? ''}
            onChange={(event) => set({ environment: Number(event.currentTarget.value) || undefined })}
          />
        )}
      </Group>
      <Loaded query={query} rows={8}>
        {(report) => <Report report={report} project={project} environment={environment} />}
      </Loaded>
    </Page>
  );
}

function Report({
  report,
  project,
  environment,
}: {
  report: UsageReport;
  project: number | undefined;
  environment: number | undefined;
}) {
  const total = report.clients.reduce((sum, { count }) => sum + count, 0);
  if (total === 0)
    return (
      <div className="card">
        <Empty title="No requests in this time" icon={<IconChartBar size={24} />}>
          {project ? (
            <>
              Nothing asked for flags here.{' '}
              <Anchor component={Link} to={`/projects/${project}/connect`} size="sm">
                Connect an SDK
              </Anchor>
            </>
          ) : (
            'Once an SDK asks for flags, it is counted here.'
          )}
        </Empty>
      </div>
    );
  const places = report.environments.filter(
    (one) => (!project || one.project.id === project) && (!environment || one.id === environment),
  );
  const most = Math.max(...places.map((one) => one.total), 1);
  return (
    <Stack>
      <Section title={`${total.toLocaleString()} ${total === 1 ? 'request' : 'requests'}`}>
        <BarsByDay label="Requests by day" series={kinds} days={report.days} from={report.from} to={report.to} />
      </Section>
      <Section title="By environment">
        <Box className="sideways" tabIndex={0} role="region" aria-label="Requests by environment">
          <Table aria-label="Requests by environment" miw={560}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Environment</Table.Th>
                {kinds.map(({ name, label }) => (
                  <Table.Th key={name} ta="right">
                    {label}
                  </Table.Th>
                ))}
                <Table.Th ta="right">All</Table.Th>
                <Table.Th w="18%" visibleFrom="sm">
                  <VisuallyHidden>Share</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {places.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <EnvironmentName environment={one} />
                    <Text size="xs" c="dimmed">
                      {one.project.name}
                    </Text>
                  </Table.Td>
                  {kinds.map(({ name }) => (
                    <Table.Td key={name} ta="right">
                      {one[name as 'flags'].toLocaleString()}
                    </Table.Td>
                  ))}
                  <Table.Td ta="right" fw={600}>
                    {one.total.toLocaleString()}
                  </Table.Td>
                  <Table.Td visibleFrom="sm">
                    <Progress value={(one.total / most) * 100} aria-hidden size="sm" />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Box>
      </Section>
      <Section title="By client">
        <Box className="sideways" tabIndex={0} role="region" aria-label="Requests by client">
          <Table aria-label="Requests by client" miw={420}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>SDK</Table.Th>
                <Table.Th>Application</Table.Th>
                <Table.Th ta="right">Requests</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {report.clients.map((client) => (
                <Table.Tr key={JSON.stringify(client)}>
                  <Table.Td>{client.user_agent ?? <Unknown>says no name</Unknown>}</Table.Td>
                  <Table.Td>
                    {client.client_application_name ?? <Unknown>not told</Unknown>} {client.client_application_version}
                  </Table.Td>
                  <Table.Td ta="right">{client.count.toLocaleString()}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Box>
      </Section>
    </Stack>
  );
}

function Unknown({ children }: { children: string }) {
  return (
    <Text span size="sm" c="dimmed">
      {children}
    </Text>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label={title}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}
