import { Box, Text } from '@mantine/core';
import classes from './Difference.module.css';

/** What something was beside what it becomes; null where it was not, or is no more. */
export function Difference({ what, before, after }: { what: string; before: string | null; after: string | null }) {
  return (
    <Box className={classes.line}>
      <Text size="sm" className={classes.what}>
        {what}
      </Text>
      <div className={classes.values}>
        {before !== null && <del className={classes.removed}>{before}</del>}
        {after === null ? <ins className={classes.removed}>removed</ins> : <ins className={classes.added}>{after}</ins>}
      </div>
    </Box>
  );
}
