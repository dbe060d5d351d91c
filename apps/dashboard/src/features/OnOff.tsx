import { Badge } from '@mantine/core';

/** Whether something is on, in a word and a colour. */
export function OnOff({ enabled }: { enabled: boolean }) {
  return enabled ? (
    <Badge color="halyard.7" variant="filled" autoContrast={false} c="white">
      on
    </Badge>
  ) : (
    <Badge variant="default">off</Badge>
  );
}
