import { Button, Tabs } from '@mantine/core';
import { IconKey, IconMail, IconUserPlus, IconUsers, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { session } from '../shell/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded, Loading } from '../ui/States.tsx';
import classes from './PeoplePage.module.css';
import { Groups } from './Groups.tsx';
import { Invitations, InviteDialog } from './Invitations.tsx';
import { Members } from './Members.tsx';
import { MemberAccessDrawer } from './MemberAccess.tsx';
import { people } from './queries.ts';
import type { PeopleSearch } from './search.ts';

const Permissions = lazy(() => import('./Permissions.tsx').then((module) => ({ default: module.Permissions })));

/** Who belongs to an organisation, in which groups, who is asked to join, and who may do what. */
export function PeoplePage() {
  const id = Number(useParams({ from: '/app/organisations/$organisation' }).organisation);
  const search = useSearch({ from: '/app/organisations/$organisation/people' });
  const navigate = useNavigate();
  const { data: own } = useQuery(session());
  const organisation = own?.organisations.find((one) => one.id === id);
  const tab = search.tab ?? 'members';
  // The matrix brings all that it shows.
  const query = useQuery({ ...people(id), enabled: tab !== 'permissions' });
  const [inviting, setInviting] = useState(false);
  const set = (change: Partial<PeopleSearch>, replace = true) => {
    const next = Object.entries({ ...search, ...change }).filter(([, value]) => value);
    void navigate({ to: '.', search: Object.fromEntries(next), replace });
  };
  const isAdmin = organisation?.my_permissions.admin ?? false;
  return (
    <Page
      title="People"
      of={organisation?.name}
      width={tab === 'permissions' ? 1400 : 1000}
      actions={
        isAdmin && (
          <Button leftSection={<IconUserPlus size={16} />} onClick={() => setInviting(true)}>
            Invite
          </Button>
        )
      }
    >
      <Tabs
        value={tab}
        onChange={(next) =>
          set({ tab: next === 'members' ? undefined : (next as PeopleSearch['tab']), q: undefined }, false)
        }
        mb="md"
      >
        <Tabs.List className={classes.tabs}>
          <Tabs.Tab value="members" leftSection={<IconUsers size={15} />}>
            Members
          </Tabs.Tab>
          <Tabs.Tab value="groups" leftSection={<IconUsersGroup size={15} />}>
            Groups
          </Tabs.Tab>
          {isAdmin && (
            <Tabs.Tab value="invitations" leftSection={<IconMail size={15} />}>
              Invitations
            </Tabs.Tab>
          )}
          <Tabs.Tab value="permissions" leftSection={<IconKey size={15} />}>
            Permissions
          </Tabs.Tab>
        </Tabs.List>
        {(['members', 'groups', 'invitations'] as const).map((name) => (
          <Tabs.Panel key={name} value={name} pt="md">
            <Loaded query={query}>
              {(page) =>
                name === 'members' ? (
                  <Members organisation={id} page={page} self={own?.user.id} search={search} onSearch={set} />
                ) : name === 'groups' ? (
                  <Groups organisation={id} page={page} isAdmin={isAdmin} />
                ) : (
                  <Invitations organisation={id} page={page} onInvite={() => setInviting(true)} />
                )
              }
            </Loaded>
          </Tabs.Panel>
        ))}
        <Tabs.Panel value="permissions" pt="md">
          <Suspense fallback={<Loading />}>
            {organisation && <Permissions organisation={organisation} search={search} onSearch={set} />}
          </Suspense>
        </Tabs.Panel>
      </Tabs>
      {search.person !== undefined && (
        <MemberAccessDrawer
          organisation={id}
          person={search.person}
          onClose={() => set({ person: undefined })}
          onProject={(project, place) => set({ tab: 'permissions', project, place, person: undefined }, false)}
        />
      )}
      {inviting && <InviteDialog organisation={id} onClose={() => setInviting(false)} />}
    </Page>
  );
}
