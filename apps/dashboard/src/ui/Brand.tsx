import { Group, Text } from '@mantine/core';

/** The mark: a flag on its rope. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0b7565" />
      <path d="M10 6v20" stroke="#fff" strokeWidth="2.5" strokeLinecap="round" />
      <path d="M12.5 8.200c4.200-2 7.200 1.600 11.500-.4v8.600c-4.300 2-7.300-1.600-11.500.4z" fill="#fff" />
    </svg>
  );
}

/** Mark and name. */
export function Brand() {
  return (
    <Group gap={10} wrap="nowrap">
      <Mark />
      <Text fw={700} size="lg" lts="-0.02em">
        Halyard
      </Text>
    </Group>
  );
}
