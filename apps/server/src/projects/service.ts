import type * as endpoints from '@halyard/contract';
import type { InputOf, Project, ProjectInput, ProjectWithTotals } from '@halyard/contract';
import { openOrganisation, openProject, type ProjectScope, visibleProjects } from '../access/service.ts';
import { changeOrganisation, changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, invalidTogether, notFound } from '../errors.ts';
import { exactNameKey, isNamePattern } from '../names.ts';
import { grantAdminToCreator } from '../permissions/service.ts';
import {
  countContents,
  findProject,
  findProjects,
  findProjectsById,
  insertProject,
  markDeleted,
  nameIsTaken,
  type ProjectChanges,
  updateProject as updateRow,
} from './store.ts';

/** The projects that the actor may see, oldest first. An organisation that is not the actor's has none. */
export async function listProjects(
  ctx: Context,
  { query }: InputOf<typeof endpoints.listProjects>,
): Promise<Project[]> {
  return findProjects(ctx.db, { ...(await visibleProjects(ctx, query.organisation)), uuid: query.uuid });
}

export async function listOrganisationProjects(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listOrganisationProjects>,
): Promise<Project[]> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return findProjects(ctx.db, await visibleProjects(ctx, organisationId));
}

/** Projects by id, also those that are deleted: what happened in them is still told. */
export async function projectsById(ctx: Context, ids: number[]): Promise<Map<number, Project>> {
  return new Map((await findProjectsById(ctx.db, ids)).map((project) => [project.id, project]));
}

export async function getProject(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProject>,
): Promise<ProjectWithTotals> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  return withTotals(ctx, await readProject(ctx, projectId));
}

/** The project without the counts of what is in it, which others change. */
export async function currentProject(ctx: Context, { params }: { params: { project_id: number } }): Promise<Project> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  return readProject(ctx, projectId);
}

export async function getProjectByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProjectByUuid>,
): Promise<ProjectWithTotals> {
  const project = await findProject(ctx.db, { uuid: params.uuid });
  if (project === null) throw notFound();
  await openProject(ctx, project.id, 'VIEW_PROJECT');
  return withTotals(ctx, project);
}

/** @throws RequestError 400 for a name that the organisation has already, or a pattern that is none. */
export async function createProject(ctx: Context, { body }: InputOf<typeof endpoints.createProject>): Promise<Project> {
  const organisation = await openOrganisation(ctx, body.organisation, 'CREATE_PROJECT');
  const { organisationId } = organisation;
  const given = columnsOf(body);
  // Holds the organisation, so that no two of its projects take the same name at once.
  return changeOrganisation(ctx, organisation, async (ctx) => {
    await refuseTakenName(ctx, organisationId, body.name);
    const row = {
      uuid: crypto.randomUUID(),
      organisation_id: organisationId,
      created_date: ctx.now(),
      deleted_at: null,
      ...defaults,
      ...given,
      name: body.name,
      name_key: exactNameKey(body.name),
    };
    const id = await insertProject(ctx.db, row);
    const scope = { organisationId, projectId: id, project: { id, ...row } };
    return changeProject(ctx, scope, async (ctx, record) => {
      await grantAdminToCreator(ctx, { organisationId, projectId: id });
      const after = await readProject(ctx, id);
      const log = `New Project created: ${after.name}`;
      record({ objectType: 'PROJECT', objectId: id, objectUuid: after.uuid, changeType: 'CREATE', log, after });
      return after;
    });
  });
}

/** Changes a project. A repeat of what it is changes nothing and takes no version. */
export async function updateProject(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchProject>,
): Promise<Project> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  const changes = columnsOf(body);
  const change = (ctx: Context) =>
    changeProject(ctx, scope, (ctx, record) => applyChanges(ctx, scope, record, changes));
  // Names are unique in the organisation: one that is given is compared and set while nobody else names a project.
  return body.name === undefined ? change(ctx) : changeOrganisation(ctx, scope, change);
}

/** Deletes a project with its environments and frees its name; their documents are withdrawn from every Edge. */
export async function deleteProject(ctx: Context, { params }: InputOf<typeof endpoints.deleteProject>): Promise<void> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await readProject(ctx, scope.projectId);
    await markDeleted(ctx.db, scope.projectId, ctx.now());
    const log = `Project deleted: ${before.name}`;
    record({
      objectType: 'PROJECT',
      objectId: before.id,
      objectUuid: before.uuid,
      changeType: 'DELETE',
      log,
      before,
    });
  });
}

async function applyChanges(
  ctx: Context,
  scope: ProjectScope,
  record: RecordChange,
  changes: ProjectChanges,
): Promise<Project> {
  const before = await readProject(ctx, scope.projectId);
  if (changes.name !== undefined && changes.name !== before.name) {
    await refuseTakenName(ctx, scope.organisationId, changes.name);
  }
  if (Object.keys(changes).length === 0) return before;
  await updateRow(ctx.db, scope.projectId, changes);
  const after = await readProject(ctx, scope.projectId);
  if (JSON.stringify(before) === JSON.stringify(after)) return after;
  const log = `Project updated: ${after.name}`;
  const step = { objectId: after.id, objectUuid: after.uuid, changeType: 'UPDATE', log, before, after } as const;
  record({ ...step, objectType: 'PROJECT' });
  return after;
}

async function refuseTakenName(ctx: Context, organisationId: number, name: string): Promise<void> {
  if (await nameIsTaken(ctx.db, organisationId, exactNameKey(name))) {
    throw invalidTogether('A project with this name already exists.');
  }
}

async function readProject(ctx: Context, projectId: number): Promise<Project> {
  const project = await findProject(ctx.db, { id: projectId });
  if (project === null) throw notFound();
  return project;
}

async function withTotals(ctx: Context, project: Project): Promise<ProjectWithTotals> {
  const { features, segments } = await countContents(ctx.db, project.id);
  return {
    ...project,
    max_segments_allowed: null,
    max_features_allowed: null,
    max_segment_overrides_allowed: null,
    total_features: features,
    total_segments: segments,
  };
}

/** The columns that a request names. @throws RequestError 400 for a pattern that is none. */
function columnsOf(input: ProjectInput): ProjectChanges {
  const pattern = input.feature_name_regex === '' ? null : input.feature_name_regex;
  if (pattern != null && !isNamePattern(pattern)) throw invalid({ feature_name_regex: [badPattern] });
  return {
    ...(input.name !== undefined && { name: input.name, name_key: exactNameKey(input.name) }),
    ...(input.hide_disabled_flags !== undefined && { hide_disabled_flags: Number(input.hide_disabled_flags) }),
    ...(input.prevent_flag_defaults !== undefined && { prevent_flag_defaults: Number(input.prevent_flag_defaults) }),
    ...(input.enable_realtime_updates !== undefined && {
      enable_realtime_updates: Number(input.enable_realtime_updates),
    }),
    ...(input.only_allow_lower_case_feature_names !== undefined && {
      only_allow_lower_case_feature_names: Number(input.only_allow_lower_case_feature_names),
    }),
    ...(pattern !== undefined && { feature_name_regex: pattern }),
    ...(input.stale_flags_limit_days !== undefined && { stale_flags_limit_days: input.stale_flags_limit_days }),
    ...(input.minimum_change_request_approvals !== undefined && {
      minimum_change_request_approvals: input.minimum_change_request_approvals,
    }),
    ...(input.enforce_feature_owners !== undefined && { enforce_feature_owners: Number(input.enforce_feature_owners) }),
  };
}

const defaults = {
  hide_disabled_flags: 0,
  prevent_flag_defaults: 0,
  enable_realtime_updates: 1,
  only_allow_lower_case_feature_names: 1,
  feature_name_regex: null,
  stale_flags_limit_days: 30,
  minimum_change_request_approvals: null,
  enforce_feature_owners: 0,
};

const badPattern = 'Must be a valid regular expression in the syntax of RE2, without look-around and back-references.';
