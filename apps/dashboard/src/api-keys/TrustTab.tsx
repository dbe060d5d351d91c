import type { TrustRelationship } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Button,
  Code,
  CopyButton,
  Group,
  Modal,
  Stack,
  TagsInput,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconCheck, IconCopy, IconPencil, IconPlus, IconShieldCheck, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { notifyDone } from '../ui/notify.ts';
import { Empty, Loaded } from '../ui/States.tsx';
import { deleteTrustRelationship, saveTrustRelationship, type TrustDraft, trustRelationships } from './queries.ts';
import { githubWorkflow, ruleText } from './workflow.ts';

/** Whose tokens are exchanged for ones that act for the organisation, so that pipelines need no key. */
export function TrustTab({ id: organisation }: { id: number }) {
  const query = useQuery(trustRelationships(organisation));
  const [editing, setEditing] = useState<TrustRelationship | 'new'>();
  const [going, setGoing] = useState<TrustRelationship>();
  return (
    <Card
      title="Trust relationships"
      description="A pipeline that has a token of its own, such as a GitHub workflow, exchanges it for one of Halyard that lasts an hour. There is no key to keep."
      aside={
        <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setEditing('new')}>
          Add
        </Button>
      }
    >
      <Loaded query={query} rows={2}>
        {({ results }) =>
          results.length === 0 ? (
            <Empty title="Nobody is trusted yet" icon={<IconShieldCheck size={24} />}>
              Say which issuer and which repository to trust, and the next workflow run can log in by itself.
            </Empty>
          ) : (
            <Stack gap="md">
              {results.map((one) => (
                <section key={one.id} aria-label={one.name}>
                  <Group justify="space-between" wrap="nowrap" align="flex-start">
                    <div style={{ minWidth: 0 }}>
                      <Text size="sm" fw={600}>
                        {one.name}
                      </Text>
                      <Text className="mono" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                        {one.issuer}
                      </Text>
                      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                        for {one.audience}
                        {one.claim_rules.length > 0 && `, where ${one.claim_rules.map(ruleText).join(' and ')}`}
                      </Text>
                    </div>
                    <Group gap={4} wrap="nowrap">
                      <ActionIcon aria-label={`Edit ${one.name}`} onClick={() => setEditing(one)}>
                        <IconPencil size={16} />
                      </ActionIcon>
                      <ActionIcon color="red" aria-label={`Delete ${one.name}`} onClick={() => setGoing(one)}>
                        <IconTrash size={16} />
                      </ActionIcon>
                    </Group>
                  </Group>
                </section>
              ))}
              <Example audience={results[0]?.audience ?? location.origin} />
            </Stack>
          )
        }
      </Loaded>
      {editing && (
        <TrustDialog
          organisation={organisation}
          trust={editing === 'new' ? undefined : editing}
          onClose={() => setEditing(undefined)}
        />
      )}
      {going && (
        <ConfirmDialog
          title={`Trust ${going.name} no more?`}
          action="Delete"
          onConfirm={() =>
            deleteTrustRelationship(organisation, going.id).then(() => notifyDone(`${going.name} is gone`))
          }
          onClose={() => setGoing(undefined)}
        >
          Its tokens are not taken any more, and what was given for them is void at once.
        </ConfirmDialog>
      )}
    </Card>
  );
}

function Example({ audience }: { audience: string }) {
  const text = githubWorkflow(location.origin, audience);
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Title order={3} size="h6">
          In a GitHub workflow
        </Title>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              size="compact-xs"
              variant="subtle"
              leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              onClick={copy}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block tabIndex={0} style={{ overflowX: 'auto' }}>
        {text}
      </Code>
    </div>
  );
}

interface TrustDialogProps {
  organisation: number;
  trust: TrustRelationship | undefined;
  onClose: () => void;
}

const github: TrustDraft = {
  name: '',
  issuer: 'https://token.actions.githubusercontent.com',
  audience: '',
  claim_rules: [
    { claim: 'repository', values: [] },
    { claim: 'ref', values: ['refs/heads/main'] },
  ],
};

function TrustDialog({ organisation, trust, onClose }: TrustDialogProps) {
  const [draft, setDraft] = useState<TrustDraft>(() => trust ?? { ...github, audience: location.origin });
  const set = (change: Partial<TrustDraft>) => setDraft((before) => ({ ...before, ...change }));
  const setRule = (index: number, change: Partial<TrustDraft['claim_rules'][number]>) =>
    set({ claim_rules: draft.claim_rules.map((rule, at) => (at === index ? { ...rule, ...change } : rule)) });
  const save = useMutation({
    mutationFn: () =>
      saveTrustRelationship(organisation, trust?.id, {
        name: draft.name.trim(),
        issuer: draft.issuer.trim(),
        audience: draft.audience.trim(),
        claim_rules: draft.claim_rules.filter(({ claim }) => claim.trim() !== ''),
      }),
    onSuccess: () => {
      notifyDone(`${draft.name.trim()} is trusted`);
      onClose();
    },
  });
  const fields = save.error instanceof ApiError ? save.error.fields : {};
  const isOpen = draft.claim_rules.filter(({ claim, values }) => claim.trim() && values.length > 0).length === 0;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={<Text fw={600}>{trust ? `Edit ${trust.name}` : 'Trust somebody’s tokens'}</Text>}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {save.isError && <Alert color="red">{messageFor(save.error)}</Alert>}
          <TextInput
            label="Name"
            required
            maxLength={100}
            error={fields.name}
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            data-autofocus
          />
          <TextInput
            label="Issuer"
            description="Who signs the tokens; as it stands in them"
            required
            error={fields.issuer}
            value={draft.issuer}
            onChange={(event) => set({ issuer: event.currentTarget.value })}
          />
          <TextInput
            label="Audience"
            description="Whom the tokens are for. This and the issuer together are trusted once only."
            required
            error={fields.audience}
            value={draft.audience}
            onChange={(event) => set({ audience: event.currentTarget.value })}
          />
          <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
            <Text component="legend" size="sm" fw={500} p={0}>
              What a token must say
            </Text>
            <Text size="xs" c="dimmed" mb="xs">
              Each line must hold, with one of its values. In a value, * is any text and ? any character.
            </Text>
            <Stack gap="xs">
              {draft.claim_rules.map((rule, index) => (
                <Group key={index} gap="xs" align="flex-start" wrap="nowrap">
                  <TextInput
                    flex="0 1 150px"
                    aria-label={`Claim ${index + 1}`}
                    placeholder="repository"
                    value={rule.claim}
                    onChange={(event) => setRule(index, { claim: event.currentTarget.value })}
                  />
                  <TagsInput
                    flex="1 1 0"
                    aria-label={`Values of claim ${index + 1}`}
                    placeholder={rule.claim === 'repository' ? 'owner/name' : 'Value, then Enter'}
                    acceptValueOnBlur
                    error={fields[`claim_rules.${index}.values`]}
                    value={rule.values}
                    onChange={(values) => setRule(index, { values })}
                  />
                  <ActionIcon
                    mt={6}
                    aria-label={`Remove claim ${index + 1}`}
                    onClick={() => set({ claim_rules: draft.claim_rules.filter((_, at) => at !== index) })}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Group>
              ))}
              <Button
                size="compact-sm"
                variant="subtle"
                style={{ alignSelf: 'flex-start' }}
                leftSection={<IconPlus size={14} />}
                onClick={() => set({ claim_rules: [...draft.claim_rules, { claim: '', values: [] }] })}
              >
                Add a claim
              </Button>
            </Stack>
          </fieldset>
          {isOpen && (
            <Alert color="yellow">
              Without a claim, everybody who gets a token of this issuer for this audience may do everything here. Name
              at least the repository.
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              disabled={[draft.name, draft.issuer, draft.audience].some((text) => text.trim() === '')}
              loading={save.isPending}
            >
              {trust ? 'Save' : 'Trust it'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
