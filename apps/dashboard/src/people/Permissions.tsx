import type { AccessPage, AccessPlace, SessionOrganisation } from '@halyard/contract';
import {
  Alert,
  Button,
  Group,
  Modal,
  NativeSelect,
  Pagination,
  Paper,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconLock, IconSearch } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { refresh } from '../api/query.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { Difference } from '../ui/Difference.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { notifyDone } from '../ui/notify.ts';
import {
  accessOf,
  changesOf,
  type DraftChange,
  everything,
  permissionName,
  type Subject,
  subjectKey,
  subjectName,
  subjectsOf,
  type Switches,
  withSwitch,
} from './access.ts';
import { AccessCards, AccessTable } from './AccessTable.tsx';
import { nameOf } from './names.ts';
import { access, type AccessScope, saveAccess } from './queries.ts';
import type { PeopleSearch } from './search.ts';
import classes from './Permissions.module.css';

const rowsPerPage = 25;

interface PermissionsProps {
  organisation: SessionOrganisation;
  search: PeopleSearch;
  onSearch: (change: Partial<PeopleSearch>) => void;
}

/** Who may do what: in a project and each of its environments, or in the organisation itself. */
export function Permissions({ organisation, search, onSearch }: PermissionsProps) {
  const project = search.project ?? organisation.projects[0]?.id;
  const chosen = organisation.projects.find(({ id }) => id === project);
  const scope: AccessScope = chosen ? { project: chosen.id } : { organisation: organisation.id };
  const query = useQuery(access(scope));
  const scopeKey = chosen ? `project.${chosen.id}` : `organisation.${organisation.id}`;
  return (
    <>
      <Group gap="sm" mb="sm">
        <NativeSelect
          aria-label="Permissions in"
          value={chosen?.id ?? 'organisation'}
          data={[
            ...organisation.projects.map(({ id, name }) => ({ value: String(id), label: `Project ${name}` })),
            { value: 'organisation', label: `Organisation ${organisation.name}` },
          ]}
          onChange={({ currentTarget: { value } }) =>
            onSearch({
              project: value === 'organisation' ? value : Number(value),
              place: undefined,
              page: undefined,
            })
          }
        />
        <TextInput
          flex="1 1 180px"
          maw={340}
          aria-label="Search people and groups"
          placeholder="Person or group"
          leftSection={<IconSearch size={16} />}
          value={search.q ?? ''}
          onChange={(event) => onSearch({ q: event.currentTarget.value, page: undefined })}
        />
        <Switch
          label="Only who has access"
          checked={search.granted ?? false}
          onChange={(event) => onSearch({ granted: event.currentTarget.checked || undefined, page: undefined })}
        />
      </Group>
      <Loaded query={query}>
        {(page) => (
          <Matrix key={scopeKey} scope={scope} scopeKey={scopeKey} page={page} search={search} onSearch={onSearch} />
        )}
      </Loaded>
    </>
  );
}

interface MatrixProps {
  scope: AccessScope;
  scopeKey: string;
  page: AccessPage;
  search: PeopleSearch;
  onSearch: (change: Partial<PeopleSearch>) => void;
}

function Matrix({ scope, scopeKey, page, search, onSearch }: MatrixProps) {
  const [switches, setSwitches] = useSwitches(scopeKey);
  const [reviewing, setReviewing] = useState(false);
  const isPhone = useMediaQuery('(max-width: 48em)');
  const place = (page.places.find(({ environment }) => environment === (search.place ?? null)) ??
    page.places[0]) as AccessPlace;
  const view = useMemo(() => accessOf(page, switches), [page, switches]);
  const changes = useMemo(() => changesOf(page, switches), [page, switches]);

  const text = (search.q ?? '').toLowerCase();
  const rows = subjectsOf(page).filter((subject) => {
    const words = subject.kind === 'user' ? `${nameOf(subject.person)} ${subject.person.email}` : subject.group.name;
    if (!words.toLowerCase().includes(text)) return false;
    return !search.granted || view.extent(place, subject) !== 0 || isChanged(changes, place, subject);
  });
  const current = Math.min(search.page ?? 1, Math.max(1, Math.ceil(rows.length / rowsPerPage)));
  const shown = rows.slice((current - 1) * rowsPerPage, current * rowsPerPage);
  const permissions = [
    ...(place.level === 'organisation' ? [] : [{ key: everything, name: permissionName(everything), description: '' }]),
    ...(page.permissions[place.level] ?? []).map(({ key, description }) => ({
      key,
      name: permissionName(key, description),
      description,
    })),
  ];
  const body = {
    place,
    permissions,
    rows: shown,
    view,
    onSwitch: (subject: Subject, key: string, on: boolean) =>
      setSwitches(withSwitch(page, switches, place, subject, key, on)),
    onPerson: (person: number) => onSearch({ person }),
  };
  return (
    <>
      {page.places.length > 1 && (
        <div className={classes.places} role="tablist" aria-label="Where">
          {page.places.map((one) => (
            <button
              key={one.environment ?? 'all'}
              type="button"
              role="tab"
              aria-selected={one === place}
              className={classes.place}
              onClick={() => onSearch({ place: one.environment ?? undefined, page: undefined })}
            >
              {one.environment === null ? (
                <Text span size="sm" fw={600}>
                  The project
                </Text>
              ) : (
                <EnvironmentName environment={{ id: one.environment, name: one.name }} />
              )}
              {changes.some((change) => change.place === one) && (
                <span className={classes.dot} role="img" aria-label="with changes" />
              )}
            </button>
          ))}
        </div>
      )}
      {!place.may_edit && <ReadOnly page={page} place={place} />}
      {rows.length === 0 ? (
        <div className="card">
          <Empty title="Nobody here">
            {search.granted ? 'Nobody who fits has access here.' : 'Nobody fits this search.'}
          </Empty>
        </div>
      ) : isPhone ? (
        <AccessCards {...body} />
      ) : (
        <AccessTable {...body} />
      )}
      <Group justify="space-between" mt="sm" gap="sm">
        <Text size="xs" c="dimmed" maw={560}>
          {isPhone
            ? 'A grey tick is a right that comes from elsewhere; below it stands from where.'
            : 'A grey tick is a right that comes from elsewhere: a group, or being an administrator. The sign beside a tick says why.'}
        </Text>
        {rows.length > rowsPerPage && (
          <Pagination
            size="sm"
            total={Math.ceil(rows.length / rowsPerPage)}
            value={current}
            onChange={(next) => onSearch({ page: next === 1 ? undefined : next })}
            getControlProps={(control) => ({ 'aria-label': control })}
          />
        )}
      </Group>
      {changes.length > 0 && (
        <Paper className={classes.bar} p="sm" role="region" aria-label="Draft">
          <Group justify="space-between" gap="sm">
            <Text size="sm" fw={600}>
              {countText(changes)}
            </Text>
            <Group gap="xs">
              <Button variant="default" size="xs" onClick={() => setSwitches({})}>
                Discard
              </Button>
              <Button size="xs" onClick={() => setReviewing(true)}>
                Review and save
              </Button>
            </Group>
          </Group>
        </Paper>
      )}
      {reviewing && (
        <Review
          scope={scope}
          page={page}
          changes={changes}
          onClose={() => setReviewing(false)}
          onSaved={() => {
            setSwitches({});
            setReviewing(false);
          }}
        />
      )}
    </>
  );
}

function ReadOnly({ page, place }: { page: AccessPage; place: AccessPlace }) {
  const names = page.administrators.slice(0, 5).map(nameOf);
  return (
    <Alert color="gray" icon={<IconLock size={18} />} mb="sm">
      <Text size="sm">
        You see what concerns you; who administers {place.level === 'organisation' ? 'the organisation' : 'the project'}{' '}
        can change it{names.length > 0 && `: ${names.join(', ')}${page.administrators.length > 5 ? ' and others' : ''}`}
        .
      </Text>
    </Alert>
  );
}

interface ReviewProps {
  scope: AccessScope;
  page: AccessPage;
  changes: DraftChange[];
  onClose: () => void;
  onSaved: () => void;
}

/** What a draft gives and takes, then the one save. */
function Review({ scope, page, changes, onClose, onSaved }: ReviewProps) {
  const save = useMutation({
    mutationFn: () =>
      saveAccess(
        scope,
        changes.map(({ input }) => input),
      ),
    onSuccess: () => {
      notifyDone('Saved; it holds from now on');
      onSaved();
    },
    // The draft stays, on top of what is granted now.
    onError: (error) =>
      error instanceof ApiError && error.status === 409
        ? refresh('getProjectAccess', 'getOrganisationAccess')
        : undefined,
  });
  const nameOfKey = (level: AccessPlace['level'], key: string) =>
    permissionName(key, page.permissions[level]?.find((one) => one.key === key)?.description);
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>Review permissions</Text>}>
      <Stack>
        {changes.map(({ place, subject, added, removed }) => (
          <div key={`${place.environment} ${subjectKey(subject)}`}>
            <Text size="sm" fw={600} mb={4}>
              {subjectName(subject)}
              <Text span size="sm" c="dimmed" fw={400}>
                {' '}
                in {place.level === 'environment' ? place.name : `the ${place.level}`}
              </Text>
            </Text>
            {removed.length > 0 && (
              <Difference
                what="Loses"
                before={removed.map((key) => nameOfKey(place.level, key)).join(', ')}
                after={null}
              />
            )}
            {added.length > 0 && (
              <Difference
                what="Gets"
                before={null}
                after={added.map((key) => nameOfKey(place.level, key)).join(', ')}
              />
            )}
          </div>
        ))}
        {save.isError && <Alert color="red">{messageFor(save.error)}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Go on editing
          </Button>
          <Button disabled={changes.length === 0} loading={save.isPending} onClick={() => save.mutate()}>
            Save
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function isChanged(changes: DraftChange[], place: AccessPlace, subject: Subject): boolean {
  return changes.some((change) => change.place === place && subjectKey(change.subject) === subjectKey(subject));
}

function countText(changes: DraftChange[]): string {
  const count = changes.reduce((sum, { added, removed }) => sum + added.length + removed.length, 0);
  const whose = new Set(changes.map(({ subject }) => subjectKey(subject))).size;
  const [first] = changes;
  return `${count} ${count === 1 ? 'change' : 'changes'} for ${
    whose === 1 && first ? subjectName(first.subject) : `${whose} people and groups`
  }`;
}

/** The draft of one project or organisation, kept in this browser until it is saved or thrown away. */
function useSwitches(scopeKey: string): [Switches, (switches: Switches) => void] {
  const key = `halyard.access-draft.${scopeKey}`;
  const [switches, setSwitches] = useState<Switches>(() => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? '{}') as Switches;
    } catch {
      return {};
    }
  });
  useEffect(() => {
    if (Object.keys(switches).length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(switches));
  }, [key, switches]);
  return [switches, setSwitches];
}
