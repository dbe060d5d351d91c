import { Box, Text } from '@mantine/core';

/** Bars of the last days, as small as a line of text allows. */
export function Sparkline({ data, label }: { data: { day: string; count: number }[]; label: string }) {
  const most = Math.max(...data.map(({ count }) => count), 1);
  const total = data.reduce((sum, { count }) => sum + count, 0);
  return (
    <Box>
      <svg
        viewBox={`0 0 ${data.length * 8} 40`}
        height={40}
        width="100%"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${total}`}
      >
        {data.map(({ day, count }, index) => {
          const height = Math.max(2, (count / most) * 38);
          return (
            <rect key={day} x={index * 8 + 1} y={40 - height} width={6} height={height} rx={1} fill="var(--accent)">
              <title>{`${day}: ${count.toLocaleString()}`}</title>
            </rect>
          );
        })}
      </svg>
      <Text size="xs" c="dimmed">
        {total.toLocaleString()} on the {data.length === 1 ? 'day' : `${data.length} days`} of the last 30 that had any
      </Text>
    </Box>
  );
}
