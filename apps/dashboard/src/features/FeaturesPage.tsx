import type { FeatureRow, FeatureTable as Table, ScreenEnvironment } from '@halyard/contract';
import { Anchor, Button, Drawer, Group, Text } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import { IconFlag, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded, Loading } from '../ui/States.tsx';
import { notifyFailed } from '../ui/notify.ts';
import { BulkBar } from './BulkBar.tsx';
import { ConfirmSwitch } from './ConfirmSwitch.tsx';
import { FeatureFilters } from './FeatureFilters.tsx';
import { FeatureTable } from './FeatureTable.tsx';
import { type TableSearch, visibleRows } from './filters.ts';
import { notifyUndoable } from './notifyUndoable.tsx';
import { featureTable, switchFeature } from './queries.ts';

const FeatureEditor = lazy(() => import('./FeatureEditor.tsx').then((module) => ({ default: module.FeatureEditor })));
const CreateFeature = lazy(() => import('./CreateFeature.tsx').then((module) => ({ default: module.CreateFeature })));

/** All features of a project, in all its environments at once. */
export function FeaturesPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const query = useQuery(featureTable(project));
  return (
    <Loaded query={query} rows={10}>
      {(table) => <Features project={project} table={table} />}
    </Loaded>
  );
}

function Features({ project, table }: { project: number; table: Table }) {
  const search = useSearch({ from: '/app/projects/$project/features' });
  const navigate = useNavigate({ from: '/projects/$project/features' });
  const phone = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false }) ?? false;
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const [asked, setAsked] = useState<{ row: FeatureRow; environment: ScreenEnvironment; enabled: boolean }>();
  const dirty = useRef(false);
  const [leaving, setLeaving] = useState(false);
  const rows = useMemo(() => visibleRows(table, search), [table, search]);
  const permissions = table.project.my_permissions;
  const setCreating = (open: boolean) => filter({ create: open || undefined });
  const mayCreate = permissions.admin || permissions.permissions.includes('CREATE_FEATURE');

  const filter = (change: Partial<TableSearch>) =>
    void navigate({ to: '.', search: (previous: TableSearch) => ({ ...previous, ...change }), replace: true });
  const close = () => {
    dirty.current = false;
    setLeaving(false);
    filter({ feature: undefined });
  };
  useHotkeys([['c', () => mayCreate && setCreating(true)]]);

  const doSwitch = (row: FeatureRow, environment: ScreenEnvironment, enabled: boolean, note?: string) => {
    switchFeature(project, row.id, environment.id, enabled, note).then(
      ({ change_set }) =>
        notifyUndoable(`${row.name} is ${enabled ? 'on' : 'off'} in ${environment.name}`, project, change_set),
      notifyFailed,
    );
  };
  const onSwitch = (row: FeatureRow, environment: ScreenEnvironment, enabled: boolean) =>
    environment.is_production ? setAsked({ row, environment, enabled }) : doSwitch(row, environment, enabled);

  return (
    <Page
      title="Features"
      of={table.project.name}
      actions={
        mayCreate && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
            Create feature
          </Button>
        )
      }
    >
      <FeatureFilters table={table} search={search} onChange={filter} />
      {table.features.length === 0 ? (
        <div className="card">
          <Empty
            title="No features yet"
            icon={<IconFlag size={24} />}
            action={mayCreate && <Button onClick={() => setCreating(true)}>Create the first one</Button>}
          >
            A feature is a flag with an optional value. Each environment has a state of its own.{' '}
            <Anchor component={Link} to={`/projects/${project}/connect`} size="sm">
              Connect an SDK
            </Anchor>
          </Empty>
        </div>
      ) : rows.length === 0 ? (
        <div className="card">
          <Empty
            title="Nothing matches"
            action={
              <Button variant="light" onClick={() => void navigate({ to: '.', search: {} })}>
                Clear the filters
              </Button>
            }
          >
            {table.features.length.toLocaleString()} features are in this project.
          </Empty>
        </div>
      ) : (
        <FeatureTable
          table={table}
          rows={rows}
          selected={selected}
          onSelect={setSelected}
          onSwitch={onSwitch}
          phone={phone}
        />
      )}
      {table.is_cut && (
        <Text size="sm" c="dimmed" mt="xs">
          Only the oldest 10,000 features are shown.
        </Text>
      )}
      {selected.size > 0 && (
        <BulkBar project={project} table={table} selected={selected} onDone={() => setSelected(new Set())} />
      )}
      {asked && (
        <ConfirmSwitch
          {...asked}
          onCancel={() => setAsked(undefined)}
          onConfirm={(note) => {
            setAsked(undefined);
            doSwitch(asked.row, asked.environment, asked.enabled, note);
          }}
        />
      )}
      {search.create && mayCreate && (
        <Suspense>
          <CreateFeature
            project={project}
            table={table}
            onClose={() => setCreating(false)}
            onCreated={(id) => filter({ create: undefined, feature: id })}
          />
        </Suspense>
      )}
      <Drawer
        opened={search.feature !== undefined}
        onClose={() => (dirty.current ? setLeaving(true) : close())}
        closeOnEscape={!leaving}
        size={phone ? '100%' : 'min(980px, 92vw)'}
        padding={0}
        title={
          <Group px="md" gap="sm">
            <Text fw={600}>Feature</Text>
            {search.feature !== undefined && (
              <Anchor component={Link} to={`/projects/${project}/features/${search.feature}`} size="sm">
                Open as page
              </Anchor>
            )}
          </Group>
        }
        styles={{
          body: { height: 'calc(100% - 60px)' },
          content: { background: 'var(--page)' },
          header: { background: 'var(--card)' },
        }}
      >
        {search.feature !== undefined && (
          <Suspense fallback={<Loading />}>
            <FeatureEditor
              key={search.feature}
              project={project}
              feature={search.feature}
              dirty={dirty}
              onGone={() => filter({ feature: undefined })}
            />
          </Suspense>
        )}
      </Drawer>
      {leaving && (
        <ConfirmDialog
          title="Close it for now?"
          action="Close"
          color="halyard"
          onConfirm={async () => close()}
          onClose={() => setLeaving(false)}
        >
          Your draft is not saved yet. It stays in this browser until you come back.
        </ConfirmDialog>
      )}
    </Page>
  );
}
