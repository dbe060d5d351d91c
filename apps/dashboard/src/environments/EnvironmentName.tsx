import { Badge, Group, Text } from '@mantine/core';
import { colourOf, isProduction } from './colour.ts';

interface EnvironmentNameProps {
  environment: { id: number; name: string; banner_colour?: string | null; is_production?: boolean };
  size?: 'xs' | 'sm' | 'md';
}

/** An environment's name with its colour; production says so in words as well. */
export function EnvironmentName({ environment, size = 'sm' }: EnvironmentNameProps) {
  return (
    <Group gap={8} wrap="nowrap" miw={0} component="span">
      <span
        aria-hidden
        style={{ width: 10, height: 10, borderRadius: 3, flex: 'none', background: colourOf(environment) }}
      />
      <Text span size={size} fw={600} className="truncate">
        {environment.name}
      </Text>
      {isProduction(environment) && (
        <Badge
          component="span"
          color="red"
          size="xs"
          variant="filled"
          autoContrast={false}
          bg="#c92a2a"
          c="white"
          style={{ flexShrink: 0 }}
        >
          live
        </Badge>
      )}
    </Group>
  );
}
