import type { FeatureTable } from '@halyard/contract';
import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  Popover,
  Select,
  Stack,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import {
  IconAdjustmentsHorizontal,
  IconSearch,
  IconSortAscending,
  IconSortDescending,
  IconX,
} from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { nameOf } from '../people/names.ts';
import type { Sort, TableSearch } from './filters.ts';

interface FeatureFiltersProps {
  table: FeatureTable;
  search: TableSearch;
  onChange: (change: Partial<TableSearch>) => void;
}

const sortNames: { value: Sort; label: string }[] = [
  { value: 'name', label: 'Name' },
  { value: 'created', label: 'Newest' },
  { value: 'updated', label: 'Last changed' },
  { value: 'evaluated', label: 'Last evaluated' },
];

const stages = [
  { value: 'new', label: 'New' },
  { value: 'live', label: 'Live' },
  { value: 'stale', label: 'Stale: unchanged for long' },
  { value: 'to_remove', label: 'To remove: stale and archived' },
  { value: 'permanent', label: 'Permanent' },
];

const evaluated = [
  { value: 'idle', label: 'Not in the last 30 days' },
  { value: 'never', label: 'Never' },
];

/** Search, filters and order of the table; all of it is in the address. */
export function FeatureFilters({ table, search, onChange }: FeatureFiltersProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(search.q ?? '');
  useHotkeys([['/', () => input.current?.focus()]]);
  useEffect(() => {
    const timer = setTimeout(() => (search.q ?? '') !== text && onChange({ q: text || undefined }), 120);
    return () => clearTimeout(timer);
  });
  useEffect(() => setText(search.q ?? ''), [search.q]);

  const states = table.environments.flatMap(({ id, name }) => [
    { value: `on:${id}`, label: `On in ${name}` },
    { value: `off:${id}`, label: `Off in ${name}` },
  ]);
  const count = [
    search.tags,
    search.owner,
    search.state,
    search.type,
    search.stage,
    search.value,
    search.archived,
    search.evaluated,
  ].filter(Boolean).length;
  return (
    <Group gap="xs" mb="sm" wrap="nowrap">
      <TextInput
        ref={input}
        flex="1 1 0"
        maw={420}
        aria-label="Search features"
        placeholder="Search features  ( / )"
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rightSection={
          text && (
            <ActionIcon size="sm" aria-label="Clear the search" onClick={() => setText('')}>
              <IconX size={14} />
            </ActionIcon>
          )
        }
      />
      <Popover width={300} position="bottom-start" trapFocus>
        <Popover.Target>
          <Button
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={16} />}
            rightSection={
              count > 0 ? (
                <Badge size="sm" circle>
                  {count}
                </Badge>
              ) : undefined
            }
          >
            Filter
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="sm">
            <MultiSelect
              label="Tags"
              comboboxProps={{ withinPortal: false }}
              data={table.tags.map(({ id, label }) => ({ value: String(id), label }))}
              value={(search.tags ?? []).map(String)}
              onChange={(tags) => onChange({ tags: tags.length > 0 ? tags.map(Number) : undefined })}
              searchable
              clearable
            />
            <Select
              label="State"
              comboboxProps={{ withinPortal: false }}
              data={states}
              value={search.state ?? null}
              onChange={(state) => onChange({ state: state ?? undefined })}
              clearable
            />
            <Select
              label="Owner"
              comboboxProps={{ withinPortal: false }}
              data={table.people.map((person) => ({ value: String(person.id), label: nameOf(person) }))}
              value={search.owner ? String(search.owner) : null}
              onChange={(owner) => onChange({ owner: owner ? Number(owner) : undefined })}
              searchable
              clearable
            />
            <Select
              label="Type"
              comboboxProps={{ withinPortal: false }}
              data={[
                { value: 'STANDARD', label: 'Standard' },
                { value: 'MULTIVARIATE', label: 'With variants' },
              ]}
              value={search.type ?? null}
              onChange={(type) => onChange({ type: (type as TableSearch['type']) ?? undefined })}
              clearable
            />
            <Select
              label="Stage"
              comboboxProps={{ withinPortal: false }}
              data={stages}
              value={search.stage ?? null}
              onChange={(stage) => onChange({ stage: stage ?? undefined })}
              clearable
            />
            <Select
              label="Evaluated"
              comboboxProps={{ withinPortal: false }}
              data={evaluated}
              value={search.evaluated ?? null}
              onChange={(value) => onChange({ evaluated: (value as TableSearch['evaluated']) ?? undefined })}
              clearable
            />
            <TextInput
              label="Value contains"
              value={search.value ?? ''}
              onChange={(event) => onChange({ value: event.currentTarget.value || undefined })}
            />
            <Checkbox
              label="Archived features"
              checked={search.archived ?? false}
              onChange={(event) => onChange({ archived: event.currentTarget.checked || undefined })}
            />
            {count > 0 && (
              <Button
                variant="subtle"
                onClick={() =>
                  onChange({
                    tags: undefined,
                    owner: undefined,
                    state: undefined,
                    type: undefined,
                    stage: undefined,
                    value: undefined,
                    archived: undefined,
                    evaluated: undefined,
                  })
                }
              >
                Clear all
              </Button>
            )}
          </Stack>
        </Popover.Dropdown>
      </Popover>
      <Select
        aria-label="Sort by"
        w={150}
        visibleFrom="xs"
        allowDeselect={false}
        data={sortNames}
        value={search.sort ?? 'name'}
        onChange={(sort) => onChange({ sort: sort === 'name' ? undefined : ((sort as Sort) ?? undefined) })}
      />
      <Tooltip label="Turn the order round">
        <ActionIcon
          size="lg"
          visibleFrom="xs"
          aria-label="Turn the order round"
          aria-pressed={search.descending ?? false}
          onClick={() => onChange({ descending: search.descending ? undefined : true })}
        >
          {search.descending ? <IconSortDescending size={18} /> : <IconSortAscending size={18} />}
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
