import type { FeaturePage } from '@halyard/contract';
import { Stack, Table, Text } from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import { colourOf } from '../environments/colour.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { BarsByDay } from '../ui/BarsByDay.tsx';
import { dayAgo } from '../ui/days.ts';
import { Empty } from '../ui/States.tsx';
import { Time } from '../ui/Time.tsx';
import { Section } from './EnvironmentPanel.tsx';
import { idleText } from './evaluations.ts';

/** How often SDKs evaluated a feature in the last 30 days, by environment. */
export function FeatureUsage({ page: { environments, feature } }: { page: FeaturePage }) {
  const series = environments.map((environment) => ({
    name: String(environment.id),
    label: environment.name,
    color: colourOf(environment),
  }));
  const days = new Map<string, { day: string } & Record<string, number | string>>();
  for (const { id, evaluations } of environments) {
    for (const { day, count } of evaluations) days.set(day, { ...days.get(day), day, [id]: count });
  }
  return (
    <Stack>
      <Section
        title="Evaluations"
        description="In the last 30 days, as SDKs with analytics report them. Days are in UTC."
      >
        {days.size === 0 ? (
          <Empty title="No evaluations in the last 30 days" icon={<IconChartBar size={24} />}>
            SDKs report them when analytics is switched on: <code>enableAnalytics: true</code> in most.
          </Empty>
        ) : (
          <BarsByDay
            label={`Evaluations of ${feature.name} by day`}
            series={series}
            days={[...days.values()]}
            from={dayAgo(29)}
            to={dayAgo(0)}
          />
        )}
      </Section>
      <Section title="By environment">
        <Table aria-label="Evaluations by environment" horizontalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Environment</Table.Th>
              <Table.Th ta="right">Evaluations</Table.Th>
              <Table.Th>Last</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {environments.map((environment) => (
              <Table.Tr key={environment.id}>
                <Table.Td>
                  <EnvironmentName environment={environment} />
                </Table.Td>
                <Table.Td ta="right">
                  {environment.evaluations.reduce((sum, { count }) => sum + count, 0).toLocaleString()}
                </Table.Td>
                <Table.Td>
                  {environment.last_evaluated_at ? (
                    <Time at={environment.last_evaluated_at} />
                  ) : (
                    <Text size="sm" c="dimmed">
                      {idleText(null)}
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Section>
    </Stack>
  );
}
