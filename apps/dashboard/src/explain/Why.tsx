import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from '../ui/States.tsx';
import type { Asked } from './person.ts';
import { explanation } from './queries.ts';
import { Story } from './Story.tsx';

interface WhyProps {
  project: number | string;
  /** Its client-side key. */
  environment: string;
  feature: number;
  asked: Asked;
}

/** Reads and tells why somebody gets what they get of one feature. */
export function Why({ project, environment, feature, asked }: WhyProps) {
  const query = useQuery(explanation(environment, asked, [feature]));
  return (
    <Loaded query={query} rows={4}>
      {(data) => {
        const [one] = data.features;
        return one === undefined ? (
          <Text size="sm">This environment does not have the feature yet.</Text>
        ) : (
          <Story project={project} explanation={data} feature={one} />
        );
      }}
    </Loaded>
  );
}
