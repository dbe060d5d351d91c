import type { OwnSession, SessionProject } from '@halyard/contract';
import { Group, Modal, ScrollArea, Text, TextInput, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import {
  IconArrowRight,
  IconFlag,
  IconLogout,
  IconMoon,
  IconPlus,
  IconSearch,
  IconUser,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { isProduction } from '../environments/colour.ts';
import { featureTable } from '../features/queries.ts';
import { identities } from '../identities/queries.ts';
import { organisationPlaces, projectPlaces } from './Shell.tsx';
import classes from './Palette.module.css';
import { useLogOut } from './useLogOut.ts';

interface PaletteProps {
  session: OwnSession;
  project: SessionProject | undefined;
  onClose: () => void;
}

interface Entry {
  key: string;
  label: string;
  hint: string;
  icon: ReactNode;
  run: () => void;
}

/** Goes anywhere and does the usual things, by typing a few letters of it. */
export function Palette({ session, project, onClose }: PaletteProps) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const logOut = useLogOut();
  // Identities may be many: the server looks for them, in the environment that the page of identities opens with.
  const environment = project?.environments.find(isProduction) ?? project?.environments[0];
  const [sought] = useDebouncedValue(text.trim(), 200);
  const people = useQuery({
    ...identities(environment?.api_key ?? '', sought, 1, 8),
    enabled: environment !== undefined && sought.length > 1,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const table = useQuery({ ...featureTable(project?.id ?? 0), enabled: project !== undefined });

  const entries = useMemo(() => {
    const go = (to: string) => () => void navigate({ to });
    const pages = [
      ...(project ? projectPlaces(project.id).map((place) => ({ ...place, hint: project.name })) : []),
      ...session.organisations.flatMap((organisation) =>
        organisationPlaces(organisation).map((place) => ({ ...place, hint: organisation.name })),
      ),
    ].map(
      ({ to, label, icon: Icon, hint }): Entry => ({ key: to, label, hint, icon: <Icon size={16} />, run: go(to) }),
    );
    const projects = session.organisations.flatMap((organisation) =>
      organisation.projects.map(
        ({ id, name }): Entry => ({
          key: `project ${id}`,
          label: name,
          hint: `Project · ${organisation.name}`,
          icon: <IconArrowRight size={16} />,
          run: go(`/projects/${id}/features`),
        }),
      ),
    );
    const features = (table.data?.features ?? []).map(
      ({ id, name }): Entry => ({
        key: `feature ${id}`,
        label: name,
        hint: 'Feature',
        icon: <IconFlag size={16} />,
        run: go(`/projects/${project?.id}/features/${id}`),
      }),
    );
    const act = (key: string, label: string, icon: ReactNode, run: () => void): Entry => ({
      key,
      label,
      hint: 'Action',
      icon,
      run,
    });
    const may = (permission: string) =>
      project && (project.my_permissions.admin || project.my_permissions.permissions.includes(permission));
    const params = { project: String(project?.id) };
    const actions = [
      ...(may('CREATE_FEATURE')
        ? [
            act('create feature', 'Create feature', <IconPlus size={16} />, () =>
              navigate({ to: '/projects/$project/features', params, search: { create: true } }),
            ),
          ]
        : []),
      ...(may('MANAGE_SEGMENTS')
        ? [
            act(
              'create segment',
              'Create segment',
              <IconUsersGroup size={16} />,
              go(`/projects/${project?.id}/segments/new`),
            ),
          ]
        : []),
      ...(['light', 'dark', 'auto'] as const).map((scheme) =>
        act(`theme ${scheme}`, `Theme: ${scheme === 'auto' ? 'as the system' : scheme}`, <IconMoon size={16} />, () =>
          setColorScheme(scheme),
        ),
      ),
      act('log out', 'Log out', <IconLogout size={16} />, () => void logOut()),
    ];
    return [...features, ...projects, ...pages, ...actions];
  }, [session, project, table.data, navigate, setColorScheme, logOut]);

  const identityEntries = (people.data?.results ?? []).map(
    ({ id, identifier }): Entry => ({
      key: `identity ${id}`,
      label: identifier,
      hint: `Identity · ${environment?.name}`,
      icon: <IconUser size={16} />,
      run: () =>
        void navigate({ to: `/projects/${project?.id}/environments/${environment?.api_key}/identities/${id}` }),
    }),
  );

  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...entries, ...identityEntries]
    .filter(({ label, hint }) => words.every((word) => `${label} ${hint}`.toLowerCase().includes(word)))
    .sort((one, other) => rank(other, text) - rank(one, text))
    .slice(0, 30);
  const shownEntries = text === '' ? entries.filter(({ hint }) => hint !== 'Feature').slice(0, 14) : found;
  const chosen = Math.min(at, shownEntries.length - 1);
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="12vh"
      centered={false}
      aria-label="Search everything"
    >
      <TextInput
        size="md"
        variant="unstyled"
        px="md"
        py={4}
        aria-label="Search everything"
        role="combobox"
        aria-expanded
        aria-controls="palette-entries"
        aria-activedescendant={shownEntries[chosen] ? `palette-${chosen}` : undefined}
        placeholder="Features, identities, projects, pages, actions"
        leftSection={<IconSearch size={17} />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, shownEntries.length - 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
          else if (event.key === 'Enter') run(shownEntries[chosen]);
          else return;
          event.preventDefault();
        }}
        data-autofocus
      />
      <ScrollArea.Autosize mah="50vh" className={classes.list}>
        <div role="listbox" id="palette-entries" aria-label="Found">
          {shownEntries.map((entry, index) => (
            <UnstyledButton
              key={entry.key}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === chosen}
              tabIndex={-1}
              className={classes.entry}
              data-chosen={index === chosen || undefined}
              onMouseMove={() => setAt(index)}
              onClick={() => run(entry)}
            >
              <Group gap="sm" wrap="nowrap">
                {entry.icon}
                <Text size="sm" fw={500} className="truncate" flex={1}>
                  {entry.label}
                </Text>
                <Text size="xs" c="dimmed">
                  {entry.hint}
                </Text>
              </Group>
            </UnstyledButton>
          ))}
        </div>
        {shownEntries.length === 0 && (
          <Text size="sm" c="dimmed" p="md">
            Nothing is called so.
          </Text>
        )}
      </ScrollArea.Autosize>
    </Modal>
  );
}

function rank({ label }: Entry, text: string): number {
  const name = label.toLowerCase();
  const sought = text.toLowerCase();
  return name === sought ? 3 : name.startsWith(sought) ? 2 : name.includes(sought) ? 1 : 0;
}
