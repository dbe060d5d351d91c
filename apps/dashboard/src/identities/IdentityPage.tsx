import { Anchor, Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { findProject, session } from '../shell/queries.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone } from '../ui/notify.ts';
import { Effective } from './Effective.tsx';
import { deleteIdentity, identity } from './queries.ts';
import { Traits } from './Traits.tsx';

/** One identity: what is known of it, and what it gets of every feature, alone or beside another. */
export function IdentityPage() {
  const params = useParams({ from: '/app/projects/$project/environments/$environment/identities/$identity' });
  const { project, environment } = params;
  const id = Number(params.identity);
  const query = useQuery(identity(environment, id));
  const { data: own } = useQuery(session());
  const place =
    own && findProject(own, Number(project))?.project.environments.find((one) => one.api_key === environment);
  const may = (permission: string) =>
    place !== undefined && (place.my_permissions.admin || place.my_permissions.permissions.includes(permission));
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const remove = async (identifier: string) => {
    await deleteIdentity(environment, id);
    notifyDone(`${identifier} is deleted`);
    await navigate({ to: '/projects/$project/identities', params: { project }, search: { environment } });
  };
  return (
    <Loaded query={query}>
      {(one) => (
        <Page
          title={one.identifier}
          of="Identities"
          width={1080}
          description={
            <>
              <Anchor
                component={Link}
                to="/projects/$project/identities"
                params={{ project } as never}
                search={{ environment } as never}
                size="sm"
                underline="always"
              >
                ← Identities
              </Anchor>
              {place && ` in ${place.name}`}
            </>
          }
          actions={
            may('MANAGE_IDENTITIES') && (
              <Button variant="subtle" color="red" onClick={() => setAsking(true)}>
                Delete
              </Button>
            )
          }
        >
          <Stack>
            <Traits environment={environment} id={id} readOnly={!may('MANAGE_IDENTITIES')} />
            <Effective
              project={Number(project)}
              environment={environment}
              identity={one}
              readOnly={!may('UPDATE_FEATURE_STATE')}
            />
          </Stack>
          {asking && (
            <ConfirmDialog
              title="Delete this identity?"
              action="Delete identity"
              onConfirm={() => remove(one.identifier)}
              onClose={() => setAsking(false)}
            >
              <b style={{ overflowWrap: 'anywhere' }}>{one.identifier}</b> goes with its traits and overrides. This
              cannot be undone.
            </ConfirmDialog>
          )}
        </Page>
      )}
    </Loaded>
  );
}
