import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { findProject, refreshSession, session } from '../shell/queries.ts';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { notifyDone } from '../ui/notify.ts';
import { deleteOrganisation, deleteProject } from './queries.ts';

/** Deletes a project, once somebody has typed its name. */
export function DeleteProjectTab({ id }: { id: number }) {
  const { data: own } = useQuery(session());
  const project = own && findProject(own, id)?.project;
  if (!project) return null;
  const environments = project.environments.map(({ name }) => name).join(', ');
  return (
    <Delete what="project" name={project.name} remove={() => deleteProject(id)}>
      Its features, segments and environments{environments && ` (${environments})`} go with it, and applications that
      use their keys get nothing any more. Export it first if you may want it back: this cannot be undone.
    </Delete>
  );
}

/** Deletes an organisation, once somebody has typed its name. */
export function DeleteOrganisationTab({ id }: { id: number }) {
  const { data: own } = useQuery(session());
  const organisation = own?.organisations.find((one) => one.id === id);
  if (!organisation) return null;
  const count = organisation.projects.length;
  return (
    <Delete what="organisation" name={organisation.name} remove={() => deleteOrganisation(id)}>
      All of its projects ({count}) and everything in them go with it. Its members keep their accounts. This cannot be
      undone.
    </Delete>
  );
}

interface DeleteProps {
  what: string;
  name: string;
  remove: () => Promise<unknown>;
  children: React.ReactNode;
}

function Delete({ what, name, remove, children }: DeleteProps) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const confirmed = async () => {
    await remove();
    notifyDone(`${name} is deleted`);
    // This page is about what is gone: leave first, then find out what is left.
    await navigate({ to: '/' });
    await refreshSession();
  };
  return (
    <Card title={`Delete ${name}`} description={children}>
      <Button variant="light" color="red" w="fit-content" onClick={() => setAsking(true)}>
        Delete {what}
      </Button>
      {asking && (
        <ConfirmDialog
          title={`Delete ${name}?`}
          action={`Delete ${what}`}
          typed={name}
          onConfirm={confirmed}
          onClose={() => setAsking(false)}
        >
          {children}
        </ConfirmDialog>
      )}
    </Card>
  );
}
