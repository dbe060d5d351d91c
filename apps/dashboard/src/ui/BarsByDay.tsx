import { BarChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { Box, Group, SegmentedControl, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { daysBetween, shortDay } from './days.ts';

export interface DaySeries {
  /** Its key in the days, and what people see. */
  name: string;
  label: string;
  color: string;
}

interface BarsByDayProps {
  /** What it shows, for those who cannot see it. */
  label: string;
  series: DaySeries[];
  /** Days with counts by the series' names; days that are left out count nothing. */
  days: (Record<string, number | string> & { day: string })[];
  from: string;
  to: string;
}

/** Counts by day as stacked bars, and the same as a table. Load it lazily: it brings the library for charts. */
export function BarsByDay({ label, series, days, from, to }: BarsByDayProps) {
  const [view, setView] = useState('chart');
  const known = new Map(days.map((day) => [day.day, day]));
  const data = daysBetween(from, to).map((day) => ({
    ...Object.fromEntries(series.map(({ name }) => [name, Number(known.get(day)?.[name] ?? 0)])),
    day,
    when: shortDay(day),
  }));
  const used = series.filter(({ name }) => days.some((day) => Number(day[name] ?? 0) > 0));
  const totalOf = (name: string) => days.reduce((sum, day) => sum + Number(day[name] ?? 0), 0);
  return (
    <Box>
      <Group justify="space-between" mb="sm" gap="xs">
        <Group gap="md">
          {used.map(({ name, label: text, color }) => (
            <Group key={name} gap={6} wrap="nowrap">
              <span aria-hidden style={{ width: 10, height: 10, borderRadius: 3, background: color, flex: 'none' }} />
              <Text size="xs">
                {text} <b>{totalOf(name).toLocaleString()}</b>
              </Text>
            </Group>
          ))}
        </Group>
        <SegmentedControl
          size="xs"
          aria-label={`${label}: show as`}
          data={[
            { value: 'chart', label: 'Chart' },
            { value: 'table', label: 'Table' },
          ]}
          value={view}
          onChange={setView}
        />
      </Group>
      {view === 'chart' ? (
        <div role="img" aria-label={`${label}. The same is there as a table.`}>
          <BarChart
            h={240}
            data={data}
            dataKey="when"
            type="stacked"
            series={used.map(({ name, label: text, color }) => ({ name, label: text, color }))}
            xAxisProps={{ minTickGap: 24 }}
            yAxisProps={{ width: 48, allowDecimals: false }}
            valueFormatter={(value) => value.toLocaleString()}
            tooltipProps={{ isAnimationActive: false }}
            barProps={{ isAnimationActive: false, radius: 2 }}
            maxBarWidth={36}
            barChartProps={{ accessibilityLayer: false, tabIndex: -1 }}
          />
        </div>
      ) : (
        <Box mah={320} style={{ overflow: 'auto' }} tabIndex={0} role="region" aria-label={`${label}, as a table`}>
          <Table aria-label={label} stickyHeader>
            <Table.Thead bg="var(--card)">
              <Table.Tr>
                <Table.Th>Day</Table.Th>
                {used.map(({ name, label: text }) => (
                  <Table.Th key={name} ta="right">
                    {text}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.toReversed().map((row) => (
                <Table.Tr key={row.day}>
                  <Table.Td>{row.when}</Table.Td>
                  {used.map(({ name }) => (
                    <Table.Td key={name} ta="right">
                      {Number((row as Record<string, unknown>)[name]).toLocaleString()}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Box>
      )}
    </Box>
  );
}
