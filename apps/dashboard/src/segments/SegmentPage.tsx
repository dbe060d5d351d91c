import type { Segment } from '@halyard/contract';
import {
  Alert,
  Anchor,
  Autocomplete,
  Box,
  Button,
  Group,
  NativeSelect,
  Paper,
  Stack,
  Text,
  Textarea,
  TextInput,
  ActionIcon,
  Title,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { featureTable } from '../features/queries.ts';
import { findProject, session } from '../shell/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { deleteSegment, type SegmentBody, saveSegment, segment, segmentUses, traitKeys } from './queries.ts';
import { conditionSentence, rulesSentence } from './sentence.ts';

/** One segment: its rules, with a sentence that says what they mean, and where it is used. */
export function SegmentPage() {
  const params = useParams({ from: '/app/projects/$project/segments/$segment' });
  const project = Number(params.project);
  const isNew = params.segment === 'new';
  const query = useQuery({ ...segment(project, Number(params.segment)), enabled: !isNew });
  if (isNew) return <SegmentEditor project={project} />;
  return <Loaded query={query}>{(data) => <SegmentEditor key={data.id} project={project} existing={data} />}</Loaded>;
}

type Operator = Segment['rules'][number]['conditions'][number]['operator'];

interface DraftCondition {
  operator: Operator;
  property: string;
  value: string;
}

interface DraftInner {
  type: 'ANY' | 'NONE' | 'ALL';
  conditions: DraftCondition[];
}

const operatorOptions: { value: Operator; label: string }[] = [
  { value: 'EQUAL', label: 'is' },
  { value: 'NOT_EQUAL', label: 'is not' },
  { value: 'IN', label: 'is one of (comma separated)' },
  { value: 'CONTAINS', label: 'contains' },
  { value: 'NOT_CONTAINS', label: 'does not contain' },
  { value: 'GREATER_THAN', label: 'is greater than' },
  { value: 'GREATER_THAN_INCLUSIVE', label: 'is at least' },
  { value: 'LESS_THAN', label: 'is less than' },
  { value: 'LESS_THAN_INCLUSIVE', label: 'is at most' },
  { value: 'IS_SET', label: 'is set' },
  { value: 'IS_NOT_SET', label: 'is not set' },
  { value: 'REGEX', label: 'matches the pattern' },
  { value: 'MODULO', label: 'modulo (divisor|remainder)' },
  { value: 'PERCENTAGE_SPLIT', label: '% of identities' },
];

const emptyCondition: DraftCondition = { operator: 'EQUAL', property: '', value: '' };

/** The groups of conditions: all of them must hold. Rules that were made elsewhere keep their shape. */
function draftFrom(rules: Segment['rules']): DraftInner[] {
  return rules.flatMap((rule) => [
    ...(rule.conditions.length > 0 ? [{ type: rule.type, conditions: rule.conditions.map(conditionFrom) }] : []),
    ...rule.rules.map((inner) => ({ type: inner.type, conditions: inner.conditions.map(conditionFrom) })),
  ]);
}

const conditionFrom = (condition: {
  operator: Operator;
  property: string | null;
  value: string | null;
}): DraftCondition => ({
  operator: condition.operator,
  property: condition.property ?? '',
  value: condition.value ?? '',
});

/** Whether the builder shows these rules as they are: one rule that all groups of one level must meet. */
function isSimple(rules: Segment['rules']): boolean {
  return rules.length === 1 && rules[0]?.type === 'ALL' && rules[0].conditions.length === 0;
}

function SegmentEditor({ project, existing }: { project: number; existing?: Segment }) {
  const [name, setName] = useState(existing?.name ?? '');
  const [description, setDescription] = useState(existing?.description ?? '');
  const [groups, setGroups] = useState<DraftInner[]>(() =>
    existing ? draftFrom(existing.rules) : [{ type: 'ANY', conditions: [emptyCondition] }],
  );
  const navigate = useNavigate();
  const { data: own } = useQuery(session());
  const environment = own && findProject(own, project)?.project.environments.at(-1);
  const { data: traits } = useQuery({ ...traitKeys(environment?.api_key ?? ''), enabled: environment !== undefined });
  const properties = [...(traits?.keys ?? []), '$.identity.identifier', '$.identity.key', '$.environment.name'];
  const readOnly = existing !== undefined && !isSimple(existing.rules);
  const rules = [{ type: 'ALL' as const, conditions: [], rules: groups.map((group) => ({ ...group, rules: [] })) }];
  const save = useMutation({
    mutationFn: () =>
      saveSegment(project, existing?.id, {
        name: name.trim(),
        description,
        rules: readOnly
          ? existing.rules
          : rules.map((rule) => ({
              ...rule,
              rules: rule.rules.map((inner) => ({ ...inner, conditions: inner.conditions.map(sent) })),
            })),
      } as SegmentBody),
    onSuccess: (saved) => {
      notifyDone(saved.warnings.length > 0 ? `Saved. ${saved.warnings.join(' ')}` : `${saved.name} is saved`);
      if (!existing) void navigate({ to: `/projects/${project}/segments/${saved.id}`, replace: true });
    },
  });
  const setGroup = (index: number, group: DraftInner | undefined) =>
    setGroups((before) => before.flatMap((one, at) => (at === index ? (group ? [group] : []) : [one])));
  return (
    <Page
      title={existing?.name ?? 'Create segment'}
      of="Segments"
      width={900}
      description={
        <Anchor component={Link} to={`/projects/${project}/segments`} size="sm">
          ← Segments
        </Anchor>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {save.isError && <Alert color="red">{messageFor(save.error)}</Alert>}
          <TextInput label="Name" required value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Textarea
            label="Description"
            autosize
            minRows={1}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Paper p="md" bg="var(--card)" component="section" aria-label="Rules">
            <Title order={2} size="h5" mb={4}>
              Who is in it
            </Title>
            <Text size="sm" mb="md" aria-live="polite">
              Everybody for whom: <b>{rulesSentence(readOnly ? existing.rules : rules)}</b>
            </Text>
            {readOnly ? (
              <Text size="sm" c="dimmed">
                These rules were made through the API in a shape that this builder does not draw. Name and description
                can be changed here.
              </Text>
            ) : (
              <Stack gap="sm">
                {groups.map((group, index) => (
                  <GroupEditor
                    key={index}
                    position={index}
                    group={group}
                    properties={properties}
                    onChange={(next) => setGroup(index, next)}
                    {...(groups.length > 1 && { onRemove: () => setGroup(index, undefined) })}
                  />
                ))}
                <Group>
                  <Button
                    variant="default"
                    leftSection={<IconPlus size={16} />}
                    onClick={() => setGroups((before) => [...before, { type: 'ANY', conditions: [emptyCondition] }])}
                  >
                    And
                  </Button>
                  <Button
                    variant="default"
                    leftSection={<IconPlus size={16} />}
                    onClick={() => setGroups((before) => [...before, { type: 'NONE', conditions: [emptyCondition] }])}
                  >
                    And not
                  </Button>
                </Group>
              </Stack>
            )}
          </Paper>
          <Group justify="space-between">
            {existing ? <DeleteButton project={project} segment={existing} /> : <span />}
            <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>
              {existing ? 'Save' : 'Create'}
            </Button>
          </Group>
        </Stack>
      </form>
      {existing && <Uses project={project} segment={existing.id} />}
    </Page>
  );
}

const sent = ({ operator, property, value }: DraftCondition) => ({
  operator,
  property: property || null,
  value: value === '' ? null : value,
});

interface GroupEditorProps {
  position: number;
  group: DraftInner;
  properties: string[];
  onChange: (group: DraftInner) => void;
  onRemove?: () => void;
}

function GroupEditor({ position, group, properties, onChange, onRemove }: GroupEditorProps) {
  const set = (index: number, change: Partial<DraftCondition>) =>
    onChange({ ...group, conditions: group.conditions.map((one, at) => (at === index ? { ...one, ...change } : one)) });
  return (
    <Box role="group" aria-label={`Condition group ${position + 1}`} className="card" p="sm">
      <Group justify="space-between" mb="xs">
        <NativeSelect
          size="xs"
          aria-label="How the conditions are joined"
          value={group.type}
          data={[
            { value: 'ANY', label: 'one of these holds' },
            { value: 'ALL', label: 'all of these hold' },
            { value: 'NONE', label: 'none of these holds' },
          ]}
          onChange={(event) => onChange({ ...group, type: event.currentTarget.value as DraftInner['type'] })}
        />
        {onRemove && (
          <ActionIcon color="red" aria-label={`Remove group ${position + 1}`} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
      <Stack gap="xs">
        {group.conditions.map((condition, index) => {
          const needsValue = condition.operator !== 'IS_SET' && condition.operator !== 'IS_NOT_SET';
          return (
            <Group
              key={index}
              gap="xs"
              align="flex-start"
              wrap="wrap"
              aria-label={conditionSentence(condition)}
              role="group"
            >
              <Autocomplete
                flex="2 1 150px"
                aria-label="Trait"
                placeholder={condition.operator === 'PERCENTAGE_SPLIT' ? 'the identity itself' : 'trait, such as plan'}
                data={properties}
                value={condition.property}
                onChange={(property) => set(index, { property })}
              />
              <NativeSelect
                flex="2 1 150px"
                aria-label="Operator"
                value={condition.operator}
                data={operatorOptions}
                onChange={(event) => set(index, { operator: event.currentTarget.value as Operator })}
              />
              {needsValue && (
                <TextInput
                  flex="2 1 130px"
                  aria-label="Value"
                  placeholder={condition.operator === 'PERCENTAGE_SPLIT' ? '25' : 'value'}
                  value={condition.value}
                  onChange={(event) => set(index, { value: event.currentTarget.value })}
                />
              )}
              <ActionIcon
                size={36}
                aria-label="Remove the condition"
                disabled={group.conditions.length === 1}
                onClick={() => onChange({ ...group, conditions: group.conditions.filter((_, at) => at !== index) })}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Group>
          );
        })}
      </Stack>
      <Button
        mt="xs"
        size="xs"
        variant="subtle"
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange({ ...group, conditions: [...group.conditions, emptyCondition] })}
      >
        Add condition
      </Button>
    </Box>
  );
}

function DeleteButton({ project, segment }: { project: number; segment: Segment }) {
  const navigate = useNavigate();
  const remove = async () => {
    if (
      prompt(`Its overrides go with it, in every environment. Type the name of the segment to delete it:`) !==
      segment.name
    )
      return;
    try {
      await deleteSegment(project, segment.id);
      notifyDone(`${segment.name} is deleted`);
      await navigate({ to: `/projects/${project}/segments` });
    } catch (error) {
      notifyFailed(error);
    }
  };
  return (
    <Button variant="subtle" color="red" onClick={() => void remove()}>
      Delete segment
    </Button>
  );
}

function Uses({ project, segment }: { project: number; segment: number }) {
  const uses = useQuery(segmentUses(project, segment));
  const table = useQuery(featureTable(project));
  const features = new Map(table.data?.features.map((feature) => [feature.id, feature.name]));
  const environments = new Map(table.data?.environments.map((environment) => [environment.id, environment]));
  return (
    <Paper p="md" mt="lg" bg="var(--card)" component="section" aria-label="Where it is used">
      <Title order={2} size="h5" mb="xs">
        Where it is used
      </Title>
      <Loaded query={uses} rows={2}>
        {({ results }) =>
          results.length === 0 ? (
            <Text size="sm" c="dimmed">
              No feature treats it differently.
            </Text>
          ) : (
            <Stack gap={6}>
              {[...Map.groupBy(results, ({ feature }) => feature)].map(([feature, states]) => (
                <Group key={feature} gap="md">
                  <Anchor component={Link} to={`/projects/${project}/features/${feature}`} size="sm" fw={600}>
                    {features.get(feature) ?? `Feature ${feature}`}
                  </Anchor>
                  {states.map(({ id, environment }) => {
                    const known = environments.get(environment);
                    return known ? <EnvironmentName key={id} environment={known} size="xs" /> : null;
                  })}
                </Group>
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Paper>
  );
}
