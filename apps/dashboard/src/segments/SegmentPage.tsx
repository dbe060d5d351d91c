import type { Segment } from '@halyard/contract';
import { Alert, Anchor, Box, Button, Group, Paper, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { CustomFieldInputs, type CustomValue } from '../custom-fields/CustomFieldInputs.tsx';
import { fieldsFor } from '../custom-fields/fields.ts';
import { isProduction } from '../environments/colour.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { traitSamples } from '../explain/queries.ts';
import { featureTable } from '../features/queries.ts';
import { findProject, session } from '../shell/queries.ts';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone } from '../ui/notify.ts';
import { customFields, deleteSegment, type SegmentBody, saveSegment, segment, segmentUses } from './queries.ts';
import { RulesEditor } from './RulesEditor.tsx';
import { type DraftRule, draftFrom, newRule, sentRules } from './rules.ts';
import { rulesSentence } from './sentence.ts';
import { TryRules } from './TryRules.tsx';

/** One segment: its rules, with a sentence that says what they mean, and where it is used. */
export function SegmentPage() {
  const params = useParams({ from: '/app/projects/$project/segments/$segment' });
  const project = Number(params.project);
  const isNew = params.segment === 'new';
  const query = useQuery({ ...segment(project, Number(params.segment)), enabled: !isNew });
  if (isNew) return <SegmentEditor project={project} />;
  return <Loaded query={query}>{(data) => <SegmentEditor key={data.id} project={project} existing={data} />}</Loaded>;
}

function SegmentEditor({ project, existing }: { project: number; existing?: Segment }) {
  const [name, setName] = useState(existing?.name ?? '');
  const [description, setDescription] = useState(existing?.description ?? '');
  const [rules, setRules] = useState<DraftRule[]>(() => (existing ? draftFrom(existing.rules) : [newRule()]));
  const [chosen, setChosen] = useState<number>();
  const [values, setValues] = useState<CustomValue[]>(
    () => existing?.metadata.map(({ model_field, field_value }) => ({ model_field, field_value })) ?? [],
  );
  const { data: allFields } = useQuery(customFields(project));
  const fields = fieldsFor('segment', project, allFields ?? []);
  const navigate = useNavigate();
  const { data: own } = useQuery(session());
  const environments = (own && findProject(own, project)?.project.environments) ?? [];
  const environment =
    environments.find(({ id }) => id === chosen) ?? environments.find(isProduction) ?? environments[0];
  const { data: samples } = useQuery({
    ...traitSamples(environment?.api_key ?? ''),
    enabled: environment !== undefined,
    retry: false,
  });
  const traits = samples?.traits ?? [];
  const save = useMutation({
    mutationFn: () =>
      saveSegment(project, existing?.id, {
        name: name.trim(),
        description,
        rules: sentRules(rules),
        ...(fields.length > 0 && { metadata: values }),
      } as SegmentBody),
    onSuccess: (saved) => {
      notifyDone(saved.warnings.length > 0 ? `Saved. ${saved.warnings.join(' ')}` : `${saved.name} is saved`);
      if (!existing) void navigate({ to: `/projects/${project}/segments/${saved.id}`, replace: true });
    },
  });
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
              Everybody for whom: <b>{rulesSentence(rules)}</b>
            </Text>
            <RulesEditor rules={rules} traits={traits} onChange={setRules} />
          </Paper>
          {fields.length > 0 && (
            <Card title="Custom fields">
              <CustomFieldInputs
                fields={fields}
                values={values}
                onChange={setValues}
                errors={save.error instanceof ApiError ? save.error.fields : {}}
              />
            </Card>
          )}
          <Group justify="space-between">
            {existing ? <DeleteButton project={project} segment={existing} /> : <span />}
            <Button type="submit" loading={save.isPending} disabled={name.trim() === ''}>
              {existing ? 'Save' : 'Create'}
            </Button>
          </Group>
        </Stack>
      </form>
      {environment && (
        <Box mt="lg">
          <TryRules
            project={project}
            segment={existing?.id}
            rules={rules}
            environments={environments}
            environment={environment}
            onEnvironment={setChosen}
          />
        </Box>
      )}
      {existing && <Uses project={project} segment={existing.id} />}
    </Page>
  );
}

function DeleteButton({ project, segment }: { project: number; segment: Segment }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    await deleteSegment(project, segment.id);
    notifyDone(`${segment.name} is deleted`);
    await navigate({ to: `/projects/${project}/segments` });
  };
  return (
    <>
      <Button variant="subtle" color="red" onClick={() => setAsking(true)}>
        Delete segment
      </Button>
      {asking && (
        <ConfirmDialog
          title="Delete this segment?"
          action="Delete segment"
          typed={segment.name}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        >
          Its overrides go with it, in every environment. This cannot be undone.
        </ConfirmDialog>
      )}
    </>
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
