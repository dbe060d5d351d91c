import { Tooltip } from '@mantine/core';
import { ago, exactTime } from './time.ts';

/** How long ago, with the exact time on hover. */
export function Time({ at }: { at: string }) {
  return (
    <Tooltip label={exactTime(at)}>
      <time dateTime={at}>{ago(at)}</time>
    </Tooltip>
  );
}
