import type { OwnSession, SessionOrganisation, SessionProject } from '@halyard/contract';
import { call, type Input } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';

/** Who is logged in and what they may see: the one call at start-up. */
export const session = () => ({ ...read('getSession', {}), staleTime: 60_000 });

/** The project of that id with its organisation, where the person may see it. */
export function findProject(
  of: OwnSession,
  project: number,
): { organisation: SessionOrganisation; project: SessionProject } | undefined {
  for (const organisation of of.organisations) {
    const found = organisation.projects.find(({ id }) => id === project);
    if (found) return { organisation, project: found };
  }
  return undefined;
}

/** Reads again what one may see. Whoever creates a project goes there first: the page that one comes from may be gone after. */
export const refreshSession = () => refresh('getSession');

export const createOrganisation = (name: string) => call('createOrganisation', { body: { name } });

/** A project with the environments that people start with. */
export async function createProject(organisation: number, name: string, environments: string[]) {
  const project = await call('createProject', { body: { name, organisation } as Input<'createProject'>['body'] });
  for (const environment of environments) {
    await call('createEnvironment', { body: { name: environment, project: project.id } });
  }
  return project;
}

export async function logOut() {
  await call('logout', {});
}
