import type { FeatureCell, FeatureRow, FeatureTable as Table, ScreenEnvironment } from '@halyard/contract';
import { Box, Checkbox, Switch, Text, Tooltip, VisuallyHidden } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconArchive, IconArrowsSplit2, IconServer, IconUser, IconUsersGroup } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, memo, useMemo, useRef } from 'react';
import { colourOf } from '../environments/colour.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { TagChip } from '../tags/TagChip.tsx';
import { daysSince } from '../ui/days.ts';
import { ago } from '../ui/time.ts';
import { shown } from '../ui/shown.ts';
import { idleText } from './evaluations.ts';
import classes from './FeatureTable.module.css';

interface FeatureTableProps {
  table: Table;
  rows: FeatureRow[];
  selected: ReadonlySet<number>;
  onSelect: (ids: ReadonlySet<number>) => void;
  onSwitch: (row: FeatureRow, environment: ScreenEnvironment, enabled: boolean) => void;
  phone: boolean;
}

/** Features as rows, environments as columns. Only the rows in view are in the page, so ten thousand scroll like ten. */
export function FeatureTable(props: FeatureTableProps) {
  return props.phone ? <PhoneList {...props} /> : <WideTable {...props} />;
}

function WideTable({ table, rows, selected, onSelect, onSwitch }: FeatureTableProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 62,
    overscan: 8,
    getItemKey: (index) => (rows[index] as FeatureRow).id,
  });
  useRowKeys(rows, (index) => virtual.scrollToIndex(index));
  const tags = useMemo(() => new Map(table.tags.map((tag) => [tag.id, tag])), [table.tags]);
  const reports = useMemo(() => reportingEnvironments(table), [table]);
  const columns: CSSProperties = {
    gridTemplateColumns: `minmax(320px, 2fr) ${table.environments.map(() => 'minmax(190px, 1fr)').join(' ')}`,
  };
  const all = rows.length > 0 && rows.every((row) => selected.has(row.id));
  const toggle = (id: number, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(id);
    else next.delete(id);
    onSelect(next);
  };
  return (
    // biome-ignore format: the roles read as one line
    <div ref={scroll} className={classes.scroll} role="table" aria-label="Features" aria-rowcount={rows.length + 1} aria-colcount={table.environments.length + 1} tabIndex={0}>
      <div className={classes.table}>
        <div role="rowgroup" className={classes.head}>
          <div role="row" className={classes.row} style={columns} aria-rowindex={1}>
            <div role="columnheader" className={`${classes.cell} ${classes.sticky}`}>
              <Checkbox
                size="xs"
                aria-label="Select all that are shown"
                checked={all}
                indeterminate={!all && selected.size > 0}
                onChange={() => onSelect(all ? new Set() : new Set(rows.map((row) => row.id)))}
              />
              <Text size="sm" fw={600}>
                {rows.length === 1 ? '1 feature' : `${rows.length.toLocaleString()} features`}
              </Text>
            </div>
            {table.environments.map((environment) => (
              <div
                key={environment.id}
                role="columnheader"
                className={`${classes.cell} ${classes.environment}`}
                style={{ '--colour': colourOf(environment) } as CSSProperties}
              >
                <EnvironmentName environment={environment} />
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index] as FeatureRow;
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                data-selected={selected.has(row.id) || undefined}
                role="row"
                aria-rowindex={item.index + 2}
                className={classes.row}
                style={{ ...columns, position: 'absolute', inset: '0 0 auto 0', transform: `translateY(${item.start}px)` }}
              >
                <div role="rowheader" className={`${classes.cell} ${classes.sticky}`}>
                  <Checkbox
                    size="xs"
                    aria-label={`Select ${row.name}`}
                    checked={selected.has(row.id)}
                    onChange={(event) => toggle(row.id, event.currentTarget.checked)}
                  />
                  <NameCell row={row} tags={tags} />
                </div>
                {table.environments.map((environment, index) => (
                  <div
                    key={environment.id}
                    role="cell"
                    className={`${classes.cell} ${classes.environment} ${environment.is_production ? classes.production : ''}`}
                  >
                    <StateCell
                      row={row}
                      environment={environment}
                      cell={row.cells[index] ?? null}
                      reports={reports[index] ?? false}
                      onSwitch={onSwitch}
                    />
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function PhoneList({ table, rows, onSwitch }: FeatureTableProps) {
  const tags = useMemo(() => new Map(table.tags.map((tag) => [tag.id, tag])), [table.tags]);
  const reports = useMemo(() => reportingEnvironments(table), [table]);
  const start = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => document.scrollingElement,
    estimateSize: () => 80 + 40 * table.environments.length,
    scrollMargin: start.current?.offsetTop ?? 0,
    overscan: 6,
    gap: 10,
    getItemKey: (index) => (rows[index] as FeatureRow).id,
  });
  return (
    <div ref={start} role="list" aria-label="Features" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
      {virtual.getVirtualItems().map((item) => {
        const row = rows[item.index] as FeatureRow;
        return (
          <Box
            key={item.key}
            ref={virtual.measureElement}
            data-index={item.index}
            role="listitem"
            className="card"
            p="sm"
            style={{
              position: 'absolute',
              inset: '0 0 auto 0',
              transform: `translateY(${item.start - virtual.options.scrollMargin}px)`,
            }}
          >
            <NameCell row={row} tags={tags} />
            {table.environments.map((environment, index) => (
              <div key={environment.id} className={classes.phoneState}>
                <Box flex="1 1 0" miw={0}>
                  <EnvironmentName environment={environment} />
                </Box>
                <StateCell
                  row={row}
                  environment={environment}
                  cell={row.cells[index] ?? null}
                  reports={reports[index] ?? false}
                  onSwitch={onSwitch}
                />
              </div>
            ))}
          </Box>
        );
      })}
    </div>
  );
}

const NameCell = memo(function NameCell({ row, tags }: { row: FeatureRow; tags: Map<number, Table['tags'][number]> }) {
  const own = row.tags.flatMap((id) => tags.get(id) ?? []);
  return (
    <Box miw={0}>
      <div className={classes.facts} style={{ gap: 6 }}>
        <Link
          to="."
          search={(previous: Record<string, unknown>) => ({ ...previous, feature: row.id })}
          data-feature={row.id}
          className={`${classes.name} truncate`}
        >
          {row.name}
        </Link>
        {row.type === 'MULTIVARIATE' && (
          <Fact label={`${row.variants} variants`} icon={<IconArrowsSplit2 size={14} />}>
            {row.variants}
          </Fact>
        )}
        {row.is_server_key_only && <Fact label="Server-side keys only" icon={<IconServer size={14} />} />}
        {row.is_archived && <Fact label="Archived" icon={<IconArchive size={14} />} />}
        {row.lifecycle_stage === 'stale' && <Fact label="Nothing changed for long">stale</Fact>}
      </div>
      <div className={classes.facts} style={{ gap: 4, marginTop: 3 }}>
        {own.slice(0, 3).map((tag) => (
          <TagChip key={tag.id} tag={tag} />
        ))}
        {own.length > 3 && <span>+{own.length - 3}</span>}
        {row.description && (
          <Text size="xs" c="dimmed" className="truncate" maw={300} span>
            {row.description}
          </Text>
        )}
      </div>
    </Box>
  );
});

/** For each environment, whether its SDKs report evaluations at all: where none does, "never" would say nothing. */
const reportingEnvironments = ({ environments, features }: Table) =>
  environments.map((_, index) => features.some(({ cells }) => cells[index]?.last_evaluated_at));

interface StateCellProps {
  row: FeatureRow;
  environment: ScreenEnvironment;
  cell: FeatureCell | null;
  reports: boolean;
  onSwitch: FeatureTableProps['onSwitch'];
}

const StateCell = memo(function StateCell({ row, environment, cell, reports, onSwitch }: StateCellProps) {
  if (!cell)
    return (
      <Text size="xs" c="dimmed">
        not here
      </Text>
    );
  const { admin, permissions } = environment.my_permissions;
  const editable = admin || permissions.includes('UPDATE_FEATURE_STATE');
  return (
    <>
      <Switch
        checked={cell.enabled}
        disabled={!editable}
        color={environment.is_production ? 'red.8' : 'halyard.7'}
        aria-label={`${row.name} in ${environment.name}`}
        onChange={(event) => onSwitch(row, environment, event.currentTarget.checked)}
      />
      <Box miw={0}>
        {cell.value !== null && cell.value !== '' && (
          <Tooltip label={String(cell.value).slice(0, 200)} multiline maw={360} fz="xs">
            <div className={`${classes.value} truncate`}>{shown(cell.value)}</div>
          </Tooltip>
        )}
        <div className={classes.facts}>
          {cell.segment_overrides > 0 && (
            <Fact label={`${cell.segment_overrides} segment overrides`} icon={<IconUsersGroup size={13} />}>
              {cell.segment_overrides}
            </Fact>
          )}
          {cell.identity_overrides > 0 && (
            <Fact label={`${cell.identity_overrides} identity overrides`} icon={<IconUser size={13} />}>
              {cell.identity_overrides}
            </Fact>
          )}
          <Idle row={row} cell={cell} reports={reports} />
        </div>
      </Box>
      {cell.last_evaluated_at && idleText(cell.last_evaluated_at) === null && (
        <div className={`${classes.facts} ${classes.end}`}>
          <Fact label={`Evaluated ${ago(cell.last_evaluated_at)}`} icon={<i className={classes.evaluated} />} />
        </div>
      )}
    </>
  );
});

/** For how long nobody asked for it; of a young feature that nobody asked for yet, nothing. */
function Idle({ row, cell, reports }: { row: FeatureRow; cell: FeatureCell; reports: boolean }) {
  if (cell.last_evaluated_at === null && (!reports || daysSince(row.created_date) < youngForDays)) return null;
  return <span>{idleText(cell.last_evaluated_at)}</span>;
}

const youngForDays = 7;

/** j and k go through the rows, e opens the one that has the focus. */
function useRowKeys(rows: FeatureRow[], scrollTo: (index: number) => void): void {
  const marked = () => (document.activeElement instanceof HTMLElement ? document.activeElement : undefined);
  const go = (step: 1 | -1) => {
    const at = rows.findIndex(({ id }) => String(id) === marked()?.dataset.feature);
    const index = Math.min(Math.max(at + step, 0), rows.length - 1);
    const row = rows[index];
    if (!row) return;
    scrollTo(index);
    focusSoon(`[data-feature="${row.id}"]`);
  };
  useHotkeys([
    ['j', () => go(1)],
    ['k', () => go(-1)],
    ['e', () => marked()?.dataset.feature && marked()?.click()],
  ]);
}

/** A row that was out of view is in the page a frame or two after it was scrolled to. */
function focusSoon(selector: string, frames = 10): void {
  const found = document.querySelector<HTMLElement>(selector);
  if (found) found.focus();
  else if (frames > 0) requestAnimationFrame(() => focusSoon(selector, frames - 1));
}

function Fact({ label, icon, children }: { label: string; icon?: React.ReactNode; children?: React.ReactNode }) {
  return (
    <Tooltip label={label} fz="xs">
      <span>
        {icon}
        <span aria-hidden>{children}</span>
        <VisuallyHidden>{label}</VisuallyHidden>
      </span>
    </Tooltip>
  );
}
