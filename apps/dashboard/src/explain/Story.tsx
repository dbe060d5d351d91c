import type {
  ExplainedFeature,
  ExplainedPerson,
  ExplainedSegment,
  Explanation,
  ExplanationStep,
} from '@halyard/contract';
import { Anchor, Badge, Box, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconEqual, IconUser, IconUsersGroup, IconWorld } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { OnOff } from '../features/OnOff.tsx';
import { rulesSentence } from '../segments/sentence.ts';
import { shown } from '../ui/shown.ts';
import { RuleTree } from './RuleTree.tsx';
import classes from './Story.module.css';

interface StoryProps {
  project: number | string;
  explanation: Explanation;
  feature: ExplainedFeature;
}

/** Why somebody gets what they get of a feature: the answer in a sentence, what was known, and each step on the way. */
export function Story({ project, explanation, feature }: StoryProps) {
  const { person, environment } = explanation;
  const segments = new Map(explanation.segments.map((segment) => [segment.id, segment]));
  return (
    <Stack gap="sm">
      <Box className={classes.answer} role="status" aria-label="Answer">
        <Group gap={8} wrap="nowrap" align="flex-start">
          <OnOff enabled={feature.enabled} />
          <Text className="mono" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }} lineClamp={6}>
            {shown(feature.value)}
          </Text>
        </Group>
        <Text size="sm" mt={6}>
          {sentence(feature, person, environment.name)}
        </Text>
        {feature.visibility !== 'all' && (
          <Text size="xs" c="dimmed" mt={4}>
            {feature.visibility === 'none'
              ? 'It is off, and features that are off are hidden here: SDKs are not told of it.'
              : 'Only server-side SDKs are told of it.'}
          </Text>
        )}
      </Box>
      <Known person={person} />
      <ol className={classes.steps} aria-label="Steps">
        {feature.steps.map((step, index) => (
          <Step
            key={index}
            step={step}
            environment={environment.name}
            person={person}
            project={project}
            {...(step.kind === 'segment' && { segment: segments.get(step.segment.id) })}
          />
        ))}
      </ol>
      <Text size="xs" c="dimmed">
        Worked out by the engine that answers SDKs, from version {explanation.version} of {environment.name}
        {explanation.key !== null && (
          <>
            {' '}
            with the key <span className={classes.key}>{explanation.key}</span>
          </>
        )}
        .
      </Text>
    </Stack>
  );
}

function sentence(feature: ExplainedFeature, person: ExplainedPerson, environment: string): ReactNode {
  const who = person.is_generated ? 'Somebody with these traits' : (person.identifier ?? 'Nobody in particular');
  const winner = feature.steps.find((step) => step.kind === 'segment' && step.result === 'wins');
  const split = feature.steps.find((step) => step.kind === 'split');
  const hit = split?.kind === 'split' ? split.variants.find((variant) => variant.hit) : undefined;
  const share = split && (
    <>
      , and the split gives them <b>{hit ? (hit.key ?? shown(hit.value)) : 'the control value'}</b>
    </>
  );
  if (feature.decided_by === 'identity') {
    return (
      <>
        <b>{who}</b> has an override of their own, which wins over everything else{share}.
      </>
    );
  }
  if (winner?.kind === 'segment') {
    return (
      <>
        <b>{who}</b> is in <b>{winner.segment.name}</b>, the strongest segment that matches{share}.
      </>
    );
  }
  return (
    <>
      <b>{who}</b> gets what everybody gets in <b>{environment}</b>
      {share}.
    </>
  );
}

/** The traits that counted. */
function Known({ person }: { person: ExplainedPerson }) {
  const about = {
    used: null,
    none: null,
    unknown: 'This identifier is not known here, so there are no stored traits.',
    hidden: 'You may not see identities here, so stored traits were left out.',
  }[person.stored];
  return (
    <Box>
      {person.traits.length > 0 && (
        <Group gap={6} role="list" aria-label="Traits that counted">
          {person.traits.map((trait) => (
            <span key={trait.trait_key} role="listitem" className={classes.trait}>
              {trait.trait_key}: <b>{shown(trait.trait_value)}</b>
              {trait.source === 'given' && <span className={classes.given}> given</span>}
            </span>
          ))}
        </Group>
      )}
      {person.traits.length === 0 && person.identifier !== null && (
        <Text size="xs" c="dimmed">
          No traits counted.
        </Text>
      )}
      {about && (
        <Text size="xs" c="dimmed" mt={4}>
          {about}
        </Text>
      )}
    </Box>
  );
}

const results = {
  wins: 'decides',
  outranked: 'matches, but a stronger one decides',
  'no match': 'does not match',
  skipped: 'not looked at',
};

interface StepProps {
  step: ExplanationStep;
  environment: string;
  person: ExplainedPerson;
  project: number | string;
  segment?: ExplainedSegment | undefined;
}

function Step({ step, environment, person, project, segment }: StepProps) {
  const [opened, setOpened] = useState(
    step.kind === 'segment' && (step.result === 'wins' || step.result === 'no match'),
  );
  if (step.kind === 'split') return <Split step={step} />;
  const wins = step.result === 'wins';
  const result =
    step.result === 'outranked' && step.kind === 'environment' ? 'something stronger decides' : results[step.result];
  return (
    <li className={classes.step} data-wins={wins}>
      <span className={classes.dot} aria-hidden>
        {step.kind === 'environment' ? (
          <IconWorld size={15} />
        ) : step.kind === 'segment' ? (
          <IconUsersGroup size={15} />
        ) : (
          <IconUser size={15} />
        )}
      </span>
      <Box className={classes.body}>
        <Group gap={8} justify="space-between" align="center">
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {step.kind === 'environment' && `Everybody in ${environment}`}
            {step.kind === 'segment' && (
              <>
                Segment{' '}
                <Anchor component={Link} to={`/projects/${project}/segments/${step.segment.id}`} inherit>
                  {step.segment.name}
                </Anchor>
              </>
            )}
            {step.kind === 'identity' && `Override for ${person.identifier}`}
          </Text>
          <Badge
            {...(wins
              ? { color: 'halyard.7', variant: 'filled', autoContrast: false, c: 'white' }
              : { variant: 'default' })}
          >
            {result}
          </Badge>
        </Group>
        <Group gap={8} mt={4} wrap="nowrap">
          <OnOff enabled={step.enabled} />
          <Text className="mono truncate" {...(!wins && { c: 'dimmed' })}>
            {shown(step.value)}
          </Text>
        </Group>
        {segment && (
          <Box mt={8}>
            <UnstyledButton className={classes.toggle} aria-expanded={opened} onClick={() => setOpened(!opened)}>
              {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
              {opened ? 'Conditions' : rulesSentence(segment.rules)}
            </UnstyledButton>
            {opened && (
              <Box mt={6}>
                <RuleTree rules={segment.rules} />
              </Box>
            )}
          </Box>
        )}
      </Box>
    </li>
  );
}

const shades = ['#0b7565', '#1c7ed6', '#7048e8', '#c2255c', '#5c940d', '#0b7285'];

function Split({ step }: { step: Extract<ExplanationStep, { kind: 'split' }> }) {
  const end = step.variants.at(-1)?.to ?? 0;
  const hit = step.variants.find((variant) => variant.hit);
  const places = [
    ...step.variants.map((variant, index) => ({
      name: variant.key ?? shown(variant.value),
      from: variant.from,
      to: Math.min(variant.to, 100),
      hit: variant.hit,
      colour: shades[index % shades.length] as string,
    })),
    { name: 'control', from: Math.min(end, 100), to: 100, hit: hit === undefined, colour: '#7b8a98' },
  ].filter(({ from, to, hit }) => to > from || hit);
  return (
    <li className={classes.step} data-wins>
      <span className={classes.dot} aria-hidden>
        <IconEqual size={15} />
      </span>
      <Box className={classes.body}>
        <Text size="sm" fw={600}>
          The split: {step.percentage.toFixed(2)} % falls in {hit ? (hit.key ?? shown(hit.value)) : 'the control value'}
        </Text>
        <div className={classes.bar} aria-hidden>
          {places.map(({ name, from, to, colour }) => (
            <span key={name} style={{ flexGrow: Math.max(to - from, 0), background: colour }} />
          ))}
          <i style={{ left: `${step.percentage}%` }} />
        </div>
        <ul className={classes.places}>
          {places.map(({ name, from, to, hit, colour }) => (
            <li key={name} data-hit={hit}>
              <span aria-hidden style={{ background: colour }} />
              {name}: {round(from)}–{round(to)} %
            </li>
          ))}
        </ul>
        <Text size="xs" c="dimmed" mt={4}>
          The percentage is a hash of the key and {step.seed}: the same person always falls at the same place.
        </Text>
      </Box>
    </li>
  );
}

const round = (percent: number) => Math.round(percent * 100) / 100;
