import type { SessionEnvironment } from '@halyard/contract';
import { Anchor, Badge, Box, Group, NativeSelect, Paper, Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Asked, nameOfAsked } from '../explain/person.ts';
import { PersonFields } from '../explain/PersonFields.tsx';
import { segmentSample, segmentTest } from '../explain/queries.ts';
import { RuleTree } from '../explain/RuleTree.tsx';
import { Loaded } from '../ui/States.tsx';
import { type DraftRule, sentRules } from './rules.ts';

interface TryRulesProps {
  project: number;
  segment: number | undefined;
  rules: DraftRule[];
  environments: SessionEnvironment[];
  environment: SessionEnvironment;
  onEnvironment: (id: number) => void;
}

/** Who the rules as they stand here would match: how many of those who are known, and anybody one asks about. */
export function TryRules({ project, segment, rules, environments, environment, onEnvironment }: TryRulesProps) {
  const [asked, setAsked] = useState<Asked>({});
  const [settled] = useDebouncedValue(asked, 300);
  const [settledRules] = useDebouncedValue(rules, 400);
  const trial = { rules: sentRules(settledRules), ...(segment !== undefined && { segment }) };
  const isAsked = Boolean(settled.id) || Object.keys(settled.traits ?? {}).length > 0;
  const test = useQuery({ ...segmentTest(project, environment.id, trial, settled), enabled: isAsked });
  const hasSplit = rules
    .flatMap((rule) => [rule, ...rule.rules])
    .some(({ conditions }) => conditions.some(({ operator }) => operator === 'PERCENTAGE_SPLIT'));
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="Try it">
      <Group justify="space-between" mb="xs" gap="xs">
        <Title order={2} size="h5">
          Try it
        </Title>
        <NativeSelect
          size="xs"
          aria-label="Environment"
          value={String(environment.id)}
          data={environments.map(({ id, name }) => ({ value: String(id), label: name }))}
          onChange={(event) => onEnvironment(Number(event.currentTarget.value))}
        />
      </Group>
      <Count project={project} environment={environment} trial={trial} />
      <Stack gap="sm" mt="sm">
        <PersonFields key={environment.id} environment={environment.api_key} value={asked} onChange={setAsked} />
        {isAsked && (
          <Loaded query={test} rows={2}>
            {({ matched, rules: explained, person }) => (
              <Box role="status" aria-label="Result">
                <Group gap={8} mb="xs">
                  <Badge
                    {...(matched
                      ? { color: 'halyard.7', variant: 'filled', autoContrast: false, c: 'white' }
                      : { variant: 'default' })}
                  >
                    {matched ? 'in the segment' : 'not in the segment'}
                  </Badge>
                  <Text size="sm" className="truncate">
                    {nameOfAsked(settled)}
                  </Text>
                </Group>
                <RuleTree rules={explained} />
                {person.stored === 'unknown' && (
                  <Text size="xs" c="dimmed" mt={6}>
                    This identifier is not known in {environment.name}, so there are no stored traits.
                  </Text>
                )}
              </Box>
            )}
          </Loaded>
        )}
        {segment === undefined && hasSplit && (
          <Text size="xs" c="dimmed">
            Who falls in a percentage is certain once the segment is saved: its number is part of the draw.
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

interface CountProps {
  project: number;
  environment: SessionEnvironment;
  trial: Parameters<typeof segmentSample>[2];
}

function Count({ project, environment, trial }: CountProps) {
  const { data, isError } = useQuery({ ...segmentSample(project, environment.id, trial), retry: false });
  if (isError) {
    return (
      <Text size="sm" c="dimmed">
        How many identities match is shown to those who may see them.
      </Text>
    );
  }
  if (data === undefined) {
    return (
      <Text size="sm" c="dimmed" role="status">
        Counting…
      </Text>
    );
  }
  if (data.sampled === 0) {
    return (
      <Text size="sm" c="dimmed" role="status">
        Nobody is known in {environment.name} yet.
      </Text>
    );
  }
  return (
    <>
      <Text size="sm" role="status">
        <b>
          {data.matching.toLocaleString()} of the last {data.sampled.toLocaleString()}
        </b>{' '}
        known identities match
      </Text>
      {data.examples.length > 0 && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          such as{' '}
          {data.examples.map(({ id, identifier }, index) => (
            <span key={id}>
              {index > 0 && ', '}
              <Anchor
                component={Link}
                inherit
                underline="always"
                to={`/projects/${project}/environments/${environment.api_key}/identities/${id}`}
              >
                {identifier}
              </Anchor>
            </span>
          ))}
        </Text>
      )}
    </>
  );
}
