import type { Trait } from '@halyard/contract';
import {
  ActionIcon,
  Badge,
  Button,
  Group,
  NativeSelect,
  Paper,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Loaded } from '../ui/States.tsx';
import { notifyFailed } from '../ui/notify.ts';
import { shown } from '../ui/shown.ts';
import { deleteTrait, saveTrait, traits } from './queries.ts';
import { kindOf, parsed, type TraitKind, traitKinds, valueOf } from './traitValues.ts';

interface TraitsProps {
  environment: string;
  id: number;
  readOnly: boolean;
}

/** What is known of an identity; each trait can be changed in its row. */
export function Traits({ environment, id, readOnly }: TraitsProps) {
  const query = useQuery(traits(environment, id));
  const [edited, setEdited] = useState<number>();
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="Traits">
      <Title order={2} size="h5" mb="xs">
        Traits
      </Title>
      <Loaded query={query} rows={3}>
        {({ results }) => (
          <Stack gap="sm">
            {results.length === 0 ? (
              <Text size="sm" c="dimmed">
                Nothing is known of it yet. SDKs tell traits when they ask for its flags.
              </Text>
            ) : (
              <Table aria-label="Traits" layout="fixed">
                <Table.Tbody>
                  {results.map((trait) =>
                    trait.id === edited ? (
                      <Table.Tr key={trait.id}>
                        <Table.Td colSpan={4}>
                          <TraitForm
                            environment={environment}
                            id={id}
                            trait={trait}
                            others={results}
                            onDone={() => setEdited(undefined)}
                          />
                        </Table.Td>
                      </Table.Tr>
                    ) : (
                      <Row key={trait.id} trait={trait}>
                        {!readOnly && (
                          <>
                            <ActionIcon aria-label={`Edit ${trait.trait_key}`} onClick={() => setEdited(trait.id)}>
                              <IconPencil size={16} />
                            </ActionIcon>
                            <ActionIcon
                              color="red"
                              aria-label={`Remove ${trait.trait_key}`}
                              onClick={() => deleteTrait(environment, id, trait.id).catch(notifyFailed)}
                            >
                              <IconTrash size={16} />
                            </ActionIcon>
                          </>
                        )}
                      </Row>
                    ),
                  )}
                </Table.Tbody>
              </Table>
            )}
            {!readOnly && <TraitForm environment={environment} id={id} others={results} />}
          </Stack>
        )}
      </Loaded>
    </Paper>
  );
}

function Row({ trait, children }: { trait: Trait; children: React.ReactNode }) {
  const value = valueOf(trait);
  return (
    <Table.Tr>
      <Table.Td w="34%">
        <Text className="mono" style={{ overflowWrap: 'anywhere' }}>
          {trait.trait_key}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text className="mono" style={{ overflowWrap: 'anywhere' }}>
          {shown(value)}
        </Text>
      </Table.Td>
      <Table.Td w={92} visibleFrom="sm">
        <Badge color="gray">{kindOf(value)}</Badge>
      </Table.Td>
      <Table.Td w={84}>
        <Group gap={2} wrap="nowrap" justify="flex-end">
          {children}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

interface TraitFormProps {
  environment: string;
  id: number;
  others: Trait[];
  /** The one that is edited; without it, a new one is made. */
  trait?: Trait;
  onDone?: () => void;
}

function TraitForm({ environment, id, others, trait, onDone }: TraitFormProps) {
  const before = trait && valueOf(trait);
  const [key, setKey] = useState(trait?.trait_key ?? '');
  const [text, setText] = useState(before === undefined ? '' : String(before));
  const [kind, setKind] = useState<TraitKind>(before === undefined ? 'text' : kindOf(before));
  const name = key.trim();
  const isTaken = others.some((other) => other.id !== trait?.id && other.trait_key === name);
  const result = parsed(kind, text);
  const problem = 'problem' in result ? result.problem : undefined;
  const save = useMutation({
    mutationFn: () => {
      if ('problem' in result) throw new Error(result.problem);
      return saveTrait(environment, id, { ...(trait && { id: trait.id }), key: name, value: result.value });
    },
    onSuccess: () => {
      if (trait) return onDone?.();
      setKey('');
      setText('');
    },
    onError: notifyFailed,
  });
  return (
    <form
      aria-label={trait ? `Edit ${trait.trait_key}` : 'Add a trait'}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Group gap="xs" align="flex-start">
        <TextInput
          flex="1 1 140px"
          aria-label="Trait"
          placeholder="plan"
          value={key}
          error={isTaken && 'It has this trait already'}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <NativeSelect
          aria-label="Type"
          data={[...traitKinds]}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as TraitKind)}
        />
        {kind === 'boolean' ? (
          <NativeSelect
            flex="1 1 140px"
            aria-label="Value"
            data={['true', 'false']}
            value={text === 'true' ? 'true' : 'false'}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        ) : (
          <TextInput
            flex="1 1 140px"
            aria-label="Value"
            placeholder={kind === 'number' ? '12' : 'enterprise'}
            inputMode={kind === 'number' ? 'decimal' : 'text'}
            value={text}
            error={text !== '' && problem}
            onChange={(event) => setText(event.currentTarget.value)}
            data-autofocus={trait ? true : undefined}
          />
        )}
        <Button
          type="submit"
          variant="default"
          loading={save.isPending}
          disabled={name === '' || isTaken || problem !== undefined}
        >
          {trait ? 'Save trait' : 'Add trait'}
        </Button>
        {trait && (
          <Button variant="subtle" color="gray" onClick={onDone}>
            Cancel
          </Button>
        )}
      </Group>
    </form>
  );
}
