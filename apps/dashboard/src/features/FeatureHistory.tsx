import type { ChangeSetPart, FeaturePage, FeatureStep } from '@halyard/contract';
import { Badge, Button, Group, Menu, Pagination, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconArrowBackUp, IconChevronDown, IconHistory, IconPencil } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Difference } from '../ui/Difference.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed, notifyProblem } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import { nameOf } from '../people/names.ts';
import { PartList } from './PartList.tsx';
import { featureHistory, historyPageSize, undo } from './queries.ts';

interface FeatureHistoryProps {
  page: FeaturePage;
  /** Takes what a step changed into the draft, as it was before. */
  onRestore: (parts: ChangeSetPart[]) => void;
}

/** What happened to a feature, save by save: who, why, what was different, and a way back. */
export function FeatureHistory({ page, onRestore }: FeatureHistoryProps) {
  const [at, setAt] = useState(1);
  const query = useQuery({
    ...featureHistory(page.project.id, page.feature.id, at),
    placeholderData: keepPreviousData,
  });
  return (
    <Loaded query={query} rows={4}>
      {({ count, results }) =>
        results.length === 0 ? (
          <Empty title="Nothing happened yet" icon={<IconHistory size={24} />}>
            Every change of this feature will be here.
          </Empty>
        ) : (
          <Stack gap="xs">
            <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }} aria-label="History">
              {results.map((step) => (
                <Step key={step.id} step={step} page={page} onRestore={onRestore} />
              ))}
            </Stack>
            {count > historyPageSize && (
              <Pagination
                total={Math.ceil(count / historyPageSize)}
                value={at}
                onChange={setAt}
                getControlProps={(control) => ({ 'aria-label': control })}
              />
            )}
          </Stack>
        )
      }
    </Loaded>
  );
}

const kinds = { save: 'Saved', bulk: 'Changed with others', copy: 'Copied from another environment', undo: 'Undone' };

function Step({
  step,
  page,
  onRestore,
}: {
  step: FeatureStep;
  page: FeaturePage;
  onRestore: FeatureHistoryProps['onRestore'];
}) {
  const [opened, setOpened] = useState(false);
  const { change_set: changeSet, records } = step;
  const who = step.author
    ? nameOf(step.author)
    : step.master_api_key
      ? `API key ${step.master_api_key.name}`
      : 'Halyard';
  const logs = [...new Set(records.map(({ log }) => log.split('\n')[0] as string))];
  const title = changeSet ? kinds[changeSet.kind] : logs.join('; ');
  const touched = new Set(records.flatMap(({ environment }) => environment ?? []));
  const environments = page.environments.filter(({ id }) => touched.has(id));
  const revert = useMutation({
    mutationFn: (id: number) => undo(page.project.id, id),
    onSuccess: () => notifyDone('Put back as it was before'),
    onError: (error) =>
      error instanceof ApiError && error.status === 409
        ? notifyProblem(`${error.message} Draft it as it was before instead: then you see what would change.`)
        : notifyFailed(error),
  });
  const others = changeSet?.other_features ?? 0;
  const [asking, setAsking] = useState(false);
  const isShown = changeSet !== null && changeSet.parts.length > 0;
  return (
    <li className="card" style={{ padding: 12 }}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <UnstyledButton onClick={() => setOpened(!opened)} aria-expanded={opened} style={{ minWidth: 0, flex: 1 }}>
          <Group gap={6} wrap="nowrap" align="flex-start">
            <IconChevronDown
              size={16}
              style={{ flex: 'none', marginTop: 3, transform: opened ? undefined : 'rotate(-90deg)' }}
            />
            <div style={{ minWidth: 0 }}>
              <Text size="sm" fw={550} style={{ overflowWrap: 'anywhere' }}>
                {title}
              </Text>
              {changeSet?.note && (
                <Text size="sm" fs="italic" style={{ overflowWrap: 'anywhere' }}>
                  “{changeSet.note}”
                </Text>
              )}
              <Group gap="sm">
                <Text size="xs" c="dimmed">
                  {who}, <Time at={step.created_date} />
                </Text>
                {environments.map((environment) => (
                  <EnvironmentName key={environment.id} environment={environment} size="xs" />
                ))}
                {step.is_system_event && (
                  <Badge size="xs" color="gray">
                    by itself
                  </Badge>
                )}
                {changeSet?.undone_by && (
                  <Badge size="xs" color="gray">
                    undone
                  </Badge>
                )}
              </Group>
            </div>
          </Group>
        </UnstyledButton>
        {isShown && (
          <Menu>
            <Menu.Target>
              <Button
                size="compact-sm"
                variant="subtle"
                loading={revert.isPending}
                rightSection={<IconChevronDown size={13} />}
              >
                Revert
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                leftSection={<IconArrowBackUp size={15} />}
                disabled={!changeSet.can_be_undone}
                onClick={() => (others === 0 ? revert.mutate(changeSet.id) : setAsking(true))}
              >
                Undo this at once
              </Menu.Item>
              <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => onRestore(changeSet.parts)}>
                Draft it as it was before
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      {asking && changeSet && (
        <ConfirmDialog
          title="Undo this for other features, too?"
          action="Undo it for all"
          color="halyard"
          onConfirm={async () => revert.mutate(changeSet.id)}
          onClose={() => setAsking(false)}
        >
          This was done together with {others === 1 ? 'one other feature' : `${others} other features`}, and is put back
          there as well.
        </ConfirmDialog>
      )}
      {opened && (
        <Stack gap={6} mt="sm" pl={22}>
          {isShown ? <PartList parts={changeSet.parts} page={page} /> : <Records records={records} />}
        </Stack>
      )}
    </li>
  );
}

/** Where it happened, which stands above already. */
const places = new Set(['feature', 'environment', 'identity']);

function Records({ records }: { records: FeatureStep['records'] }) {
  const details = records.flatMap(({ change_details }) => change_details.filter(({ field }) => !places.has(field)));
  if (details.length === 0)
    return (
      <Text size="sm" c="dimmed" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {records.map(({ log }) => log).join('\n\n')}
      </Text>
    );
  return details.map((change, index) => (
    <Difference
      key={index}
      what={change.field.replaceAll('_', ' ')}
      before={textOf(change.old)}
      after={textOf(change.new)}
    />
  ));
}

const textOf = (value: string | number | boolean | null) => (value === null ? null : String(value));
