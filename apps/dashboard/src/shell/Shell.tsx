import type { OwnSession, SessionOrganisation } from '@halyard/contract';
import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  Kbd,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  UnstyledButton,
  useMantineColorScheme,
  VisuallyHidden,
} from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { Notifications } from '@mantine/notifications';
import '@mantine/notifications/styles.css';
import {
  IconArrowsLeftRight,
  IconChartBar,
  IconChevronDown,
  IconCloudOff,
  IconFlag,
  IconFlask,
  IconHistory,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconPlugConnected,
  IconSearch,
  IconSettings,
  IconSun,
  IconUser,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useParams, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { Mark } from '../ui/Brand.tsx';
import { Loaded } from '../ui/States.tsx';
import { findProject, session } from './queries.ts';
import classes from './Shell.module.css';
import { UnreachableBanner } from './UnreachableBanner.tsx';
import { useLiveChanges } from './useLiveChanges.ts';
import { useLogOut } from './useLogOut.ts';

const Palette = lazy(() => import('./Palette.tsx').then((module) => ({ default: module.Palette })));
const Shortcuts = lazy(() => import('./Shortcuts.tsx').then((module) => ({ default: module.Shortcuts })));

/** The frame of every page behind the login: where one is, where one can go, and the page itself. */
export function Shell() {
  const query = useQuery(session());
  return <Loaded query={query}>{(data) => <Frame session={data} />}</Loaded>;
}

interface Place {
  to: string;
  label: string;
  icon: typeof IconFlag;
}

/** The pages of a project, in the order of the menu. */
export function projectPlaces(project: number): Place[] {
  const at = (page: string) => `/projects/${project}/${page}`;
  return [
    { to: at('features'), label: 'Features', icon: IconFlag },
    { to: at('segments'), label: 'Segments', icon: IconUsersGroup },
    { to: at('identities'), label: 'Identities', icon: IconUser },
    { to: at('compare'), label: 'Compare', icon: IconArrowsLeftRight },
    { to: at('history'), label: 'History', icon: IconHistory },
    { to: at('playground'), label: 'Playground', icon: IconFlask },
    { to: at('connect'), label: 'Connect', icon: IconPlugConnected },
    { to: at('settings'), label: 'Settings', icon: IconSettings },
  ];
}

/** The pages of an organisation that somebody may read, in the order of the menu. */
export function organisationPlaces({ id, my_permissions }: SessionOrganisation): Place[] {
  const at = (page: string) => `/organisations/${id}/${page}`;
  const ofAdministrators = [
    { to: at('usage'), label: 'Usage', icon: IconChartBar },
    { to: at('history'), label: 'History', icon: IconHistory },
    { to: at('settings'), label: 'Settings', icon: IconSettings },
  ];
  return [
    { to: at('projects'), label: 'Projects', icon: IconFlag },
    { to: at('people'), label: 'People', icon: IconUsers },
    ...(my_permissions.admin ? ofAdministrators : []),
  ];
}

function Frame({ session }: { session: OwnSession }) {
  const [menuOpened, menu] = useDisclosure();
  const [palette, setPalette] = useState(false);
  const [shortcuts, setShortcuts] = useState(false);
  const params = useParams({ strict: false }) as { project?: string; organisation?: string };
  const path = useRouterState({ select: (state) => state.location.pathname });
  const found = params.project === undefined ? undefined : findProject(session, Number(params.project));
  const organisation =
    found?.organisation ??
    session.organisations.find(({ id }) => id === Number(params.organisation)) ??
    session.organisations[0];
  const places = found ? projectPlaces(found.project.id) : organisation ? organisationPlaces(organisation) : [];
  const live = useLiveChanges(found?.project.id);
  useHotkeys([
    ['mod+K', () => setPalette(true)],
    ['shift+?', () => setShortcuts(true)],
  ]);

  return (
    <AppShell
      header={{ height: 54 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !menuOpened } }}
      padding={{ base: 'sm', sm: 'lg' }}
      styles={{
        header: { background: 'var(--card)' },
        navbar: { background: 'var(--card)' },
        main: { background: 'var(--page)' },
      }}
    >
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger opened={menuOpened} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
          <Link to="/" aria-label="Halyard, all projects" className={classes.home}>
            <Mark />
          </Link>
          <Switcher session={session} organisation={organisation?.name} project={found?.project.name} />
          <div style={{ flex: 1 }} />
          {!live && (
            <Tooltip label="The connection for live updates is down; we keep trying">
              <IconCloudOff size={18} aria-label="Not live" />
            </Tooltip>
          )}
          <UnstyledButton className={classes.search} onClick={() => setPalette(true)} visibleFrom="sm">
            <IconSearch size={15} />
            <span>Search</span>
            <Kbd size="xs">Ctrl K</Kbd>
          </UnstyledButton>
          <ActionIcon hiddenFrom="sm" aria-label="Search" onClick={() => setPalette(true)}>
            <IconSearch size={18} />
          </ActionIcon>
          <PersonMenu session={session} onShortcuts={() => setShortcuts(true)} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Pages">
        <AppShell.Section grow component={ScrollArea}>
          {found && (
            <Text size="xs" c="dimmed" fw={600} px="sm" pt={6} pb={4} className="truncate">
              {found.project.name}
            </Text>
          )}
          {places.map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={label}
              leftSection={<Icon size={17} stroke={1.7} />}
              active={path.startsWith(to)}
              aria-current={path.startsWith(to) ? 'page' : undefined}
              onClick={menu.close}
              className={classes.place}
            />
          ))}
        </AppShell.Section>
        <AppShell.Section>
          <Text size="xs" c="dimmed" px="sm" py={4}>
            Halyard {session.version} · <a href="/api/v1/docs/">API</a>
          </Text>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} pb={{ base: 80, sm: 'lg' }}>
        <UnreachableBanner />
        <Outlet />
      </AppShell.Main>
      {found && (
        <nav className={classes.bottom} aria-label="Main pages">
          {places.slice(0, 5).map(({ to, label, icon: Icon }) => (
            <Link key={to} to={to} className={classes.tab} data-active={path.startsWith(to) || undefined}>
              <Icon size={20} stroke={1.7} />
              {label}
            </Link>
          ))}
        </nav>
      )}
      <Suspense>
        {palette && <Palette session={session} project={found?.project} onClose={() => setPalette(false)} />}
        {shortcuts && <Shortcuts onClose={() => setShortcuts(false)} />}
      </Suspense>
      <Notifications position="bottom-right" containerWidth={400} />
    </AppShell>
  );
}

function Switcher({
  session,
  organisation,
  project,
}: {
  session: OwnSession;
  organisation: string | undefined;
  project: string | undefined;
}) {
  return (
    <Menu position="bottom-start" width={280}>
      <Menu.Target>
        <UnstyledButton className={classes.switcher}>
          <Text size="sm" c="dimmed" className="truncate" {...(project && { visibleFrom: 'xs' })}>
            {organisation ?? 'Halyard'}
          </Text>
          {project && (
            <>
              <Text size="sm" c="dimmed" visibleFrom="xs" aria-hidden>
                /
              </Text>
              <Text size="sm" fw={600} className="truncate">
                {project}
              </Text>
            </>
          )}
          <VisuallyHidden>Choose another project</VisuallyHidden>
          <IconChevronDown size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflow: 'auto' }}>
        {session.organisations.map((one) => (
          <div key={one.id}>
            <Menu.Label>{one.name}</Menu.Label>
            {one.projects.map(({ id, name }) => (
              <Menu.Item key={id} component={Link} to={`/projects/${id}/features`} leftSection={<IconFlag size={15} />}>
                {name}
              </Menu.Item>
            ))}
            <Menu.Item component={Link} to={`/organisations/${one.id}/projects`} c="dimmed">
              All of {one.name}
            </Menu.Item>
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function PersonMenu({ session, onShortcuts }: { session: OwnSession; onShortcuts: () => void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = useLogOut();
  const { user } = session;
  const initials = ((user.first_name[0] ?? '') + (user.last_name[0] ?? '') || user.email[0] || '?').toUpperCase();
  return (
    <Menu width={220}>
      <Menu.Target>
        <UnstyledButton className={classes.person}>
          {initials}
          <VisuallyHidden>, account</VisuallyHidden>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className="truncate">{user.email}</Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUser size={15} />}>
          Account
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={15} />} onClick={onShortcuts} rightSection={<Kbd size="xs">?</Kbd>}>
          Shortcuts
        </Menu.Item>
        <Menu.Label>Theme</Menu.Label>
        {(['light', 'dark', 'auto'] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            leftSection={scheme === 'dark' ? <IconMoon size={15} /> : <IconSun size={15} />}
            onClick={() => setColorScheme(scheme)}
            fw={colorScheme === scheme ? 600 : undefined}
          >
            {scheme === 'auto' ? 'As the system' : scheme === 'dark' ? 'Dark' : 'Light'}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void leave()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
