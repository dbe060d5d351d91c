import type { Playground, PlaygroundServed, SessionEnvironment } from '@halyard/contract';
import {
  ActionIcon,
  Anchor,
  Box,
  Button,
  Drawer,
  Group,
  MultiSelect,
  Switch,
  Text,
  TextInput,
  UnstyledButton,
  VisuallyHidden,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconFlask, IconLink, IconPlus, IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Fragment } from 'react';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { OnOff } from '../features/OnOff.tsx';
import { findProject, session } from '../shell/queries.ts';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { shown } from '../ui/shown.ts';
import { type Asked, nameOfAsked } from './person.ts';
import { PersonFields } from './PersonFields.tsx';
import classes from './Playground.module.css';
import { playground } from './queries.ts';
import type { PlaygroundSearch } from './search.ts';
import { Why } from './Why.tsx';

const mostPeople = 20;

/** Several people side by side: what each gets of every feature, in one environment or in all, and why. */
export function PlaygroundPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const search = useSearch({ from: '/app/projects/$project/playground' });
  const navigate = useNavigate({ from: '/projects/$project/playground' });
  const { data: own } = useQuery(session());
  const found = own && findProject(own, project)?.project;
  const people = search.people ?? [{}];
  const [settled] = useDebouncedValue(people, 300);
  const query = useQuery(playground(project, settled, search.environments));
  const set = (change: Partial<PlaygroundSearch>) =>
    void navigate({
      to: '.',
      search: (previous: PlaygroundSearch) =>
        Object.fromEntries(Object.entries({ ...previous, ...change }).filter(([, value]) => value !== undefined)),
      replace: true,
    });
  const setPerson = (index: number, asked: Asked) =>
    set({ people: people.map((one, at) => (at === index ? asked : one)) });
  const environments = found?.environments ?? [];
  return (
    <Page
      title="Playground"
      of={found?.name}
      description="What people get, side by side, and why. Nothing here is stored; the address holds all of it."
      actions={
        <Button
          variant="default"
          leftSection={<IconLink size={16} />}
          onClick={() =>
            void navigator.clipboard
              .writeText(location.href)
              .then(() => notifyDone('The link is copied'))
              .catch(notifyFailed)
          }
        >
          Copy link
        </Button>
      }
    >
      <Box className={classes.people}>
        {people.map((asked, index) => (
          <Box key={index} className={classes.person} role="group" aria-label={`Person ${index + 1}`}>
            <Group justify="space-between" mb={4} wrap="nowrap">
              <Text size="sm" fw={600}>
                Person {index + 1}
              </Text>
              {people.length > 1 && (
                <ActionIcon
                  size="sm"
                  aria-label={`Remove person ${index + 1}`}
                  onClick={() => set({ people: people.filter((_, at) => at !== index), why: undefined })}
                >
                  <IconX size={15} />
                </ActionIcon>
              )}
            </Group>
            <PersonFields
              key={`${people.length} ${index}`}
              environment={
                environments.find(({ id }) => search.environments?.includes(id))?.api_key ??
                environments[0]?.api_key ??
                ''
              }
              value={asked}
              of={`person ${index + 1}`}
              onChange={(next) => setPerson(index, next)}
            />
          </Box>
        ))}
        {people.length < mostPeople && (
          <UnstyledButton className={classes.add} onClick={() => set({ people: [...people, {}] })}>
            <IconPlus size={18} aria-hidden />
            Add person
          </UnstyledButton>
        )}
      </Box>
      <Group my="sm" gap="sm" align="flex-end">
        <TextInput
          flex="1 1 200px"
          maw={360}
          aria-label="Search features"
          placeholder="Search features"
          leftSection={<IconSearch size={16} />}
          value={search.q ?? ''}
          onChange={(event) => set({ q: event.currentTarget.value || undefined })}
        />
        <MultiSelect
          flex="1 1 220px"
          maw={480}
          aria-label="Environments"
          placeholder={search.environments ? '' : 'All environments'}
          clearable
          data={environments.map(({ id, name }) => ({ value: String(id), label: name }))}
          value={(search.environments ?? []).map(String)}
          onChange={(ids) => set({ environments: ids.length > 0 ? ids.map(Number) : undefined, why: undefined })}
        />
        <Switch
          label="Only differences"
          checked={search.different ?? false}
          onChange={(event) => set({ different: event.currentTarget.checked || undefined })}
          mb={8}
        />
      </Group>
      <Loaded query={query}>
        {(data) => (
          <>
            <Results
              data={data}
              asked={settled}
              environments={environments}
              search={search}
              onWhy={(why) => set({ why })}
            />
            <WhyDrawer
              project={project}
              data={data}
              asked={settled}
              why={search.why}
              onClose={() => set({ why: undefined })}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface ResultsProps {
  data: Playground;
  asked: Asked[];
  environments: SessionEnvironment[];
  search: PlaygroundSearch;
  onWhy: (why: string) => void;
}

function Results({ data, asked, environments, search, onWhy }: ResultsProps) {
  const q = (search.q ?? '').toLowerCase();
  const known = new Map(environments.map((environment) => [environment.id, environment]));
  const rows = data.features.filter(
    ({ feature, cells }) => feature.name.toLowerCase().includes(q) && (!search.different || usualOf(cells).differs),
  );
  const differing = data.features.filter(({ cells }) => usualOf(cells).differs).length;
  if (data.features.length === 0) {
    return (
      <div className="card">
        <Empty title="No features yet" icon={<IconFlask size={24} />}>
          As soon as the project has features, this shows who gets what.
        </Empty>
      </div>
    );
  }
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs" aria-live="polite">
        {rows.length === 1 ? '1 feature' : `${rows.length.toLocaleString()} features`},{' '}
        {differing === 0 ? 'the same for everybody' : `${differing.toLocaleString()} with differences`}
      </Text>
      {data.people.some(({ hidden_in }) => hidden_in.length > 0) && (
        <Text size="xs" c="dimmed" mb="xs">
          Stored traits are left out where you may not see identities.
        </Text>
      )}
      {rows.length === 0 ? (
        <div className="card">
          <Empty
            title={search.different ? 'Nothing differs' : 'No feature is called so'}
            icon={<IconFlask size={24} />}
          >
            {search.different && 'Everybody here gets the same of these features.'}
          </Empty>
        </div>
      ) : (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label="What everybody gets">
          <table className={classes.table}>
            <thead>
              <tr>
                <th rowSpan={2} scope="col" className={classes.sticky}>
                  Feature
                </th>
                {data.environments.map((environment) => (
                  <th key={environment.id} colSpan={asked.length} scope="colgroup" className={classes.environment}>
                    <EnvironmentName environment={known.get(environment.id) ?? environment} />
                  </th>
                ))}
              </tr>
              <tr>
                {data.environments.map((environment) => (
                  <Fragment key={environment.id}>
                    {asked.map((person, index) => (
                      <th
                        key={index}
                        scope="col"
                        className={index === 0 ? classes.environment : undefined}
                        title={nameOfAsked(person)}
                      >
                        <span className={classes.name}>{nameOfAsked(person)}</span>
                        {person.id && !data.people[index]?.known_in.includes(environment.id) && (
                          <span className={classes.note}>not known here</span>
                        )}
                      </th>
                    ))}
                  </Fragment>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ feature, served, cells }) => {
                const { usual, differs } = usualOf(cells);
                return (
                  <tr key={feature.id}>
                    <th scope="row" className={classes.sticky}>
                      <span className={classes.feature}>{feature.name}</span>
                    </th>
                    {data.environments.map((environment, place) =>
                      asked.map((person, index) => {
                        const at = cells[place]?.[index];
                        const one = at === undefined ? undefined : served[at];
                        return (
                          <td
                            key={`${environment.id} ${index}`}
                            className={index === 0 ? classes.environment : undefined}
                            data-differs={differs && at !== usual}
                          >
                            {one && (
                              <Cell
                                served={one}
                                differs={differs && at !== usual}
                                label={`Why: ${feature.name} for ${nameOfAsked(person)} in ${environment.name}`}
                                onClick={() => onWhy(`${feature.id}.${environment.id}.${index}`)}
                              />
                            )}
                          </td>
                        );
                      }),
                    )}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

interface CellProps {
  served: PlaygroundServed;
  differs: boolean;
  label: string;
  onClick: () => void;
}

function Cell({ served, differs, label, onClick }: CellProps) {
  const by = { environment: '', segment: served.segment?.name ?? '', identity: 'own override' }[served.decided_by];
  const details = [by, served.variant === null ? '' : `variant ${served.variant}`].filter(Boolean).join(' · ');
  return (
    <UnstyledButton className={classes.cell} onClick={onClick}>
      <Group gap={6} wrap="nowrap">
        <OnOff enabled={served.enabled} />
        <Text span className="mono truncate" maw={190}>
          {shown(served.value)}
          {served.value_is_cut && '…'}
        </Text>
      </Group>
      {details && (
        <Text span size="xs" c="dimmed" className="truncate" maw={230} display="block" mt={2}>
          {details}
        </Text>
      )}
      <VisuallyHidden>
        {differs && ', differs'}. {label}
      </VisuallyHidden>
    </UnstyledButton>
  );
}

/** The result that most get; what differs from it stands out. Of two that are as frequent the first counts. */
function usualOf(cells: number[][]): { usual: number; differs: boolean } {
  const counts = new Map<number, number>();
  for (const at of cells.flat()) counts.set(at, (counts.get(at) ?? 0) + 1);
  const [[usual] = [0]] = [...counts].sort(([, a], [, b]) => b - a);
  return { usual, differs: counts.size > 1 };
}

interface WhyDrawerProps {
  project: number;
  data: Playground;
  asked: Asked[];
  why: string | undefined;
  onClose: () => void;
}

function WhyDrawer({ project, data, asked, why, onClose }: WhyDrawerProps) {
  const [featureId, environmentId, index] = (why ?? '').split('.').map(Number);
  const feature = data.features.find((row) => row.feature.id === featureId)?.feature;
  const environment = data.environments.find(({ id }) => id === environmentId);
  const person = asked[index ?? -1];
  const isOpen = feature !== undefined && environment !== undefined && person !== undefined;
  return (
    <Drawer opened={isOpen} onClose={onClose} size={620} title={<Text fw={600}>Why</Text>}>
      {isOpen && (
        <>
          <Text size="sm" mb="sm">
            <Anchor component={Link} to={`/projects/${project}/features/${feature.id}`} inherit underline="always">
              {feature.name}
            </Anchor>{' '}
            for <b>{nameOfAsked(person)}</b> in <b>{environment.name}</b>
          </Text>
          <Why
            key={`${why} ${JSON.stringify(person)}`}
            project={project}
            environment={environment.api_key}
            feature={feature.id}
            asked={person}
          />
        </>
      )}
    </Drawer>
  );
}
