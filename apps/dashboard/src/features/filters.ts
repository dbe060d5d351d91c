import type { FeatureRow, FeatureTable } from '@halyard/contract';
import { idleText } from './evaluations.ts';

export const sorts = ['name', 'created', 'updated', 'evaluated'] as const;
export type Sort = (typeof sorts)[number];

/** What a link to the table says. Everything is optional; what is absent does not filter. */
export interface TableSearch {
  q?: string | undefined;
  /** Ids of tags, all of which a feature has. */
  tags?: number[] | undefined;
  owner?: number | undefined;
  /** `on:12` or `off:12`: switched so in that environment. */
  state?: string | undefined;
  type?: 'STANDARD' | 'MULTIVARIATE' | undefined;
  stage?: string | undefined;
  /** Part of a value in any environment. */
  value?: string | undefined;
  archived?: boolean | undefined;
  /** Evaluated nowhere, ever or for 30 days. */
  evaluated?: 'never' | 'idle' | undefined;
  sort?: Sort | undefined;
  descending?: boolean | undefined;
  /** The feature that is open beside the table. */
  feature?: number | undefined;
  /** The form for a new feature is open. */
  create?: boolean | undefined;
}

/** Reads the filters from an address, leaving out what is none. */
export function tableSearch(search: Record<string, unknown>): TableSearch {
  const text = (value: unknown) =>
    typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
  const number = (value: unknown) => (Number.isInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined);
  const tags = Array.isArray(search.tags) ? search.tags.flatMap((tag) => number(tag) ?? []) : [];
  const found: TableSearch = {
    q: text(search.q),
    tags: tags.length > 0 ? tags : undefined,
    owner: number(search.owner),
    state: /^(on|off):\d+$/.test(String(search.state)) ? String(search.state) : undefined,
    type: search.type === 'STANDARD' || search.type === 'MULTIVARIATE' ? search.type : undefined,
    stage: text(search.stage),
    value: text(search.value),
    archived: search.archived === true || undefined,
    sort: sorts.find((sort) => sort === search.sort),
    descending: search.descending === true || undefined,
    evaluated: search.evaluated === 'never' || search.evaluated === 'idle' ? search.evaluated : undefined,
    feature: number(search.feature),
    create: search.create === true || undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** The rows that the filters leave, in their order. */
export function visibleRows(table: FeatureTable, search: TableSearch): FeatureRow[] {
  const words = (search.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const [state, environment] = (search.state ?? '').split(':');
  const column = table.environments.findIndex(({ id }) => id === Number(environment));
  const value = search.value?.toLowerCase();
  const rows = table.features.filter((row) => {
    if (row.is_archived !== (search.archived ?? false)) return false;
    const text = `${row.name} ${row.description ?? ''}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    if (search.type && row.type !== search.type) return false;
    if (search.stage && row.lifecycle_stage !== search.stage) return false;
    if (search.evaluated === 'never' && lastEvaluated(row) !== '') return false;
    if (search.evaluated === 'idle' && idleText(lastEvaluated(row) || null) === null) return false;
    if (search.owner && !row.owners.includes(search.owner)) return false;
    if (search.tags && !search.tags.every((tag) => row.tags.includes(tag))) return false;
    if (column >= 0 && row.cells[column]?.enabled !== (state === 'on')) return false;
    if (
      value &&
      !row.cells.some((cell) =>
        String(cell?.value ?? '')
          .toLowerCase()
          .includes(value),
      )
    )
      return false;
    return true;
  });
  return rows.sort((one, other) => (search.descending ? -1 : 1) * compare(one, other, search.sort ?? 'name'));
}

function compare(one: FeatureRow, other: FeatureRow, sort: Sort): number {
  if (sort === 'created') return other.created_date.localeCompare(one.created_date);
  if (sort === 'updated') return other.updated_at.localeCompare(one.updated_at);
  if (sort === 'evaluated') return lastEvaluated(other).localeCompare(lastEvaluated(one));
  return one.name.localeCompare(other.name);
}

const lastEvaluated = (row: FeatureRow) =>
  row.cells.reduce(
    (last, cell) => (cell?.last_evaluated_at && cell.last_evaluated_at > last ? cell.last_evaluated_at : last),
    '',
  );
