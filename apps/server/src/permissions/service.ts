import type * as endpoints from '@halyard/contract';
import type {
  DetailedPermissions,
  GrantEndpoints,
  GrantInput,
  GrantListQuery,
  GrantParams,
  GrantRow,
  InputOf,
  OwnPermissions,
  PermissionDescription,
  PermissionsThroughoutProject,
} from '@halyard/contract';
import { type Grant, isAdmin, type Rights } from '../access/rights.ts';
import {
  openEnvironment,
  openOrganisation,
  openProject,
  rightsInEnvironment,
  rightsInOrganisation,
  rightsInProject,
  rightsThroughoutProject,
  type Whose,
} from '../access/service.ts';
import { changeOrganisation } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { type FieldErrors, forbidden, invalid, invalidTogether, notFound, refused, RequestError } from '../errors.ts';
import { catalogueOf, type Level } from './catalogue.ts';
import {
  deleteGrant,
  deleteGrants,
  deleteGrantsOfGroup,
  deleteGrantsOfUsers,
  findEnvironments,
  findGrants,
  findGrantsThroughout,
  findGroups,
  findMembers,
  type Grantee,
  type GrantPlace,
  grantExists,
  insertGrant,
  keyOf,
  type StoredGrant,
  updateGrant,
  upsertGrants,
} from './store.ts';

export async function listOrganisationPermissions(): Promise<PermissionDescription[]> {
  return catalogueOf('Organisation');
}

export async function listProjectPermissions(): Promise<PermissionDescription[]> {
  return catalogueOf('Project');
}

export async function listEnvironmentPermissions(): Promise<PermissionDescription[]> {
  return catalogueOf('Environment');
}

/** What the caller may do in an organisation; a master key learns whether it is an administrator's. */
export async function getOwnOrganisationPermissions(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOwnOrganisationPermissions>,
): Promise<OwnPermissions> {
  return own('Organisation', await rightsInOrganisation(ctx, params.organisation_id));
}

/** @throws RequestError 400 for a master key, which has no permissions of its own. */
export async function getOwnProjectPermissions(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOwnProjectPermissions>,
): Promise<OwnPermissions> {
  const scope = await openProject(ctx, params.project_id, 'MEMBER');
  if (ctx.actor.kind === 'master_key') throw refused(onlyPeople);
  return own('Project', await rightsInProject(ctx, scope));
}

/** @throws RequestError 400 for a master key, which has no permissions of its own. */
export async function getOwnEnvironmentPermissions(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOwnEnvironmentPermissions>,
): Promise<OwnPermissions> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'MEMBER');
  if (ctx.actor.kind === 'master_key') throw refused(onlyPeople);
  return own('Environment', await rightsInEnvironment(ctx, scope));
}

/** One's own, or for an administrator those of any member. */
export async function getDetailedOrganisationPermissions(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getDetailedOrganisationPermissions>,
): Promise<DetailedPermissions> {
  const own = await rightsInOrganisation(ctx, params.organisation_id);
  return detailedOf('Organisation', own, params.user_id, ctx, (whose) =>
    rightsInOrganisation(ctx, params.organisation_id, 'all', whose),
  );
}

/** One's own, or for an administrator of the project those of any member. */
export async function getDetailedProjectPermissions(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getDetailedProjectPermissions>,
): Promise<DetailedPermissions> {
  const scope = await openProject(ctx, params.project_id, 'MEMBER');
  const own = await rightsInProject(ctx, scope);
  return detailedOf('Project', own, params.user_id, ctx, (whose) => rightsInProject(ctx, scope, whose));
}

/** One's own, or for an administrator of the environment those of any member. */
export async function getDetailedEnvironmentPermissions(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getDetailedEnvironmentPermissions>,
): Promise<DetailedPermissions> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'MEMBER');
  const own = await rightsInEnvironment(ctx, scope);
  return detailedOf('Environment', own, params.user_id, ctx, (whose) => rightsInEnvironment(ctx, scope, whose));
}

export async function getPermissionsThroughoutProject(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getPermissionsThroughoutProject>,
): Promise<PermissionsThroughoutProject> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  const environments = await findEnvironments(ctx.db, scope.projectId);
  const ids = environments.map((environment) => environment.id);
  const found = await rightsThroughoutProject(ctx, scope, ids, params.user_id);
  if (found === null) throw notFound();
  const rightsOf = new Map(found.environments.map(({ environmentId, rights }) => [environmentId, rights]));
  return {
    ...own('Project', found.project),
    environments: environments.map((environment) => ({
      ...environment,
      ...own('Environment', rightsOf.get(environment.id) ?? null),
    })),
  };
}

type ParamsOfOne = GrantParams & { permission_id: number };

/** The service functions behind the rows of users or of groups at one level. */
export function grantService({ place: level, who }: Pick<GrantEndpoints, 'place' | 'who'>) {
  /** @throws RequestError 404 for outsiders, 403 for who does not administer the place. */
  const open = (ctx: Context, params: GrantParams) => openPlace(ctx, level, params, 'ADMIN');

  async function update(ctx: Context, { params, body }: { params: ParamsOfOne; body: GrantInput }): Promise<GrantRow> {
    const place = await open(ctx, params);
    const keys = body.permissions === undefined ? undefined : knownKeys(level, body.permissions);
    return changeOrganisation(ctx, place, async (ctx, record) => {
      const stored = await readGrant(ctx, place, who, params.permission_id);
      const before = written(level, stored);
      const given = body[who];
      if (given !== undefined && given !== before[who]) throw invalid({ [who]: [cannotMove] });
      const admin = level === 'Organisation' ? false : (body.admin ?? stored.admin === 1);
      await updateGrant(ctx.db, stored.id, { admin, permissions: keys ?? before.permissions });
      const after = written(level, await readGrant(ctx, place, who, stored.id));
      if (JSON.stringify(before) === JSON.stringify(after)) return after;
      const log = `Permissions of ${await nameOf(ctx, place, stored)} changed in ${place.words}`;
      record({ objectType: 'PERMISSION', objectId: stored.id, changeType: 'UPDATE', log, before, after });
      return after;
    });
  }

  return {
    /** At most 10,000. */
    async list(ctx: Context, { params, query }: { params: GrantParams; query: GrantListQuery }): Promise<GrantRow[]> {
      const place = await openPlace(ctx, level, params, level === 'Environment' ? 'VIEW_ENVIRONMENT' : 'ADMIN');
      const rows = await findGrants(ctx.db, place, who, { granteeId: query[who] }, 10_000);
      return shown(ctx, place, level, who, rows);
    },

    /** @throws RequestError 400 for a key that there is not, for who is not of the organisation, and for a second row. */
    async create(ctx: Context, { params, body }: { params: GrantParams; body: GrantInput }): Promise<GrantRow> {
      const place = await open(ctx, params);
      const permissions = knownKeys(level, body.permissions ?? []);
      const granteeId = body[who] as number;
      const grantee: Grantee = who === 'user' ? { userId: granteeId } : { groupId: granteeId };
      return changeOrganisation(ctx, place, async (ctx, record) => {
        const found =
          who === 'user'
            ? await findMembers(ctx.db, place.organisationId, [granteeId])
            : await findGroups(ctx.db, place.organisationId, [granteeId]);
        if (found.length === 0) throw invalid({ [who]: [unknown(granteeId)] });
        if (await grantExists(ctx.db, place, grantee)) {
          throw invalidTogether(`The fields ${who}, ${level.toLowerCase()} must make a unique set.`);
        }
        const admin = level !== 'Organisation' && body.admin === true;
        const id = await insertGrant(ctx.db, place, grantee, { admin, permissions });
        const stored = await readGrant(ctx, place, who, id);
        const after = written(level, stored);
        const log = `Permissions granted to ${await nameOf(ctx, place, stored)} in ${place.words}`;
        record({ objectType: 'PERMISSION', objectId: id, changeType: 'CREATE', log, after });
        return after;
      });
    },

    async get(ctx: Context, { params }: { params: ParamsOfOne }): Promise<GrantRow> {
      return written(level, await readGrant(ctx, await open(ctx, params), who, params.permission_id));
    },

    /**
     * Changes what was granted; what is not given stays. A row stays with whom it was made for.
     * @throws RequestError 400 for a key that there is not, and for somebody else.
     */
    update,

    async delete(ctx: Context, { params }: { params: ParamsOfOne }): Promise<void> {
      const place = await open(ctx, params);
      await changeOrganisation(ctx, place, async (ctx, record) => {
        const stored = await readGrant(ctx, place, who, params.permission_id);
        await deleteGrant(ctx.db, stored.id);
        const log = `Permissions of ${await nameOf(ctx, place, stored)} taken back in ${place.words}`;
        const before = written(level, stored);
        record({ objectType: 'PERMISSION', objectId: stored.id, changeType: 'DELETE', log, before });
      });
    },
  };
}

/** What may be granted at a level, in the order in which clients show it. */
export const grantable = catalogueOf;

/** All that a person or a group shall be granted at one place; `base` is what the draft found there. */
export interface WantedGrant {
  level: Level;
  environment: number | null;
  /** The place, for the audit log. */
  words: string;
  user?: number | undefined;
  group?: number | undefined;
  admin: boolean;
  permissions: string[];
  base?: { admin: boolean; permissions: string[] } | undefined;
}

/**
 * Grants what is wanted in an organisation itself, or in a project and its environments, all of it or nothing; each grant
 * that changes is a step of its own in the audit log. Whether the caller may, is for who calls.
 * @throws RequestError 400 for a key, member or group that there is not, and for one named twice at a place; 409 where
 * something is not as its draft found it.
 */
export async function saveGrants(
  ctx: Context,
  scope: { organisationId: number; projectId: number | null },
  wanted: WantedGrant[],
): Promise<void> {
  const { organisationId, projectId } = scope;
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const names = await namesOf(ctx, organisationId, wanted);
    const chosen = wanted.map((one) => {
      const grantee: Grantee = one.user === undefined ? { groupId: one.group as number } : { userId: one.user };
      const key = keyOf({ ...scope, environmentId: one.environment }, grantee);
      return { ...one, grantee, key, name: names.get(nameKey(grantee)) };
    });
    refuseWrong(chosen);
    const before = await grantsByKey(ctx, scope);
    const differing = chosen
      .map((one) => ({ ...one, ...knownGrant(one), stored: before.get(one.key) }))
      .filter((one) => !isSame(one, givenBy(one.stored)));
    refuseConflicts(differing);
    const [gone, kept] = [differing.filter(isNothing), differing.filter((one) => !isNothing(one))];
    await deleteGrants(
      ctx.db,
      gone.flatMap(({ stored }) => stored?.id ?? []),
    );
    await upsertGrants(
      ctx.db,
      kept.map(({ environment, grantee, admin, permissions }) => ({
        place: { organisationId, projectId, environmentId: environment },
        grantee,
        admin,
        permissions,
      })),
    );
    const after = kept.length === 0 ? before : await grantsByKey(ctx, scope);
    for (const one of differing) {
      const now = isNothing(one) ? undefined : after.get(one.key);
      const what = one.stored === undefined ? 'granted to' : now === undefined ? 'taken back from' : 'changed for';
      record({
        objectType: 'PERMISSION',
        objectId: ((now ?? one.stored) as StoredGrant).id,
        changeType: one.stored === undefined ? 'CREATE' : now === undefined ? 'DELETE' : 'UPDATE',
        log: `Permissions ${what} ${one.name} in ${one.words}`,
        ...(one.stored && { before: written(one.level, one.stored) }),
        ...(now && { after: written(one.level, now) }),
      });
    }
  });
}

/** Lets a person who made a project or an environment administer it. Inside the change that makes it. */
export async function grantAdminToCreator(
  ctx: Context,
  {
    organisationId,
    projectId,
    environmentId = null,
  }: { organisationId: number; projectId: number; environmentId?: number | null },
): Promise<void> {
  if (ctx.actor.kind !== 'user') return;
  const place = { organisationId, projectId, environmentId };
  await insertGrant(ctx.db, place, { userId: ctx.actor.userId }, { admin: true, permissions: [] });
}

/** Takes back all that was granted to users who leave an organisation. Inside the change that removes them. */
export async function takeGrantsFromUsers(ctx: Context, organisationId: number, userIds: number[]): Promise<void> {
  await deleteGrantsOfUsers(ctx.db, organisationId, userIds);
}

/** Takes back all that was granted to a group. Inside the change that deletes it. */
export async function takeGrantsFromGroup(ctx: Context, groupId: number): Promise<void> {
  await deleteGrantsOfGroup(ctx.db, groupId);
}

interface NamedPlace extends GrantPlace {
  /** For the audit log. */
  words: string;
}

async function openPlace(
  ctx: Context,
  level: Level,
  params: GrantParams,
  permission: 'ADMIN' | 'VIEW_ENVIRONMENT',
): Promise<NamedPlace> {
  if (level === 'Organisation') {
    const { organisationId } = await openOrganisation(ctx, params.organisation_id as number, 'ADMIN');
    return { organisationId, projectId: null, environmentId: null, words: 'the organisation' };
  }
  if (level === 'Project') {
    const { organisationId, projectId, project } = await openProject(ctx, params.project_id as number, 'ADMIN');
    return { organisationId, projectId, environmentId: null, words: `project ${project.name}` };
  }
  const apiKey = params.environment_api_key as string;
  const { organisationId, projectId, environmentId, environment } = await openEnvironment(ctx, { apiKey }, permission);
  return { organisationId, projectId, environmentId, words: `environment ${environment.name}` };
}

async function readGrant(ctx: Context, place: GrantPlace, who: 'user' | 'group', id: number): Promise<StoredGrant> {
  const [grant] = await findGrants(ctx.db, place, who, { id }, 1);
  if (grant === undefined) throw notFound();
  return grant;
}

/** In the order of the catalogue, each once. @throws RequestError 400 for one that is not in it. */
function knownKeys(level: Level, given: string[]): string[] {
  const wrong = strangeKeys(level, given);
  if (wrong.length > 0) throw invalid({ permissions: wrong.map(unknown) });
  return inOrder(level, given);
}

function strangeKeys(level: Level, given: string[]): string[] {
  const known = new Set(catalogueOf(level).map(({ key }) => key));
  return given.filter((key) => !known.has(key));
}

function inOrder(level: Level, given: string[]): string[] {
  return catalogueOf(level)
    .map(({ key }) => key)
    .filter((key) => given.includes(key));
}

/** A row that names whom it is for by id. */
function written(level: Level, row: StoredGrant): GrantRow {
  return {
    id: row.id,
    permissions: JSON.parse(row.permissions) as string[],
    ...(level !== 'Organisation' && { admin: row.admin === 1 }),
    ...(row.user_id === null ? { group: row.group_id as number } : { user: row.user_id }),
  };
}

/** Rows that show whom they are for. */
async function shown(
  ctx: Context,
  { organisationId }: GrantPlace,
  level: Level,
  who: 'user' | 'group',
  rows: StoredGrant[],
): Promise<GrantRow[]> {
  const ids = rows.map((row) => (who === 'user' ? row.user_id : row.group_id) as number);
  const grantees =
    who === 'user' ? await findMembers(ctx.db, organisationId, ids) : await findGroups(ctx.db, organisationId, ids);
  const granteeOf = new Map<number, (typeof grantees)[number]>(grantees.map((grantee) => [grantee.id, grantee]));
  return rows.flatMap((row) => {
    const grantee = granteeOf.get((who === 'user' ? row.user_id : row.group_id) as number);
    return grantee === undefined ? [] : [{ ...written(level, row), [who]: grantee }];
  });
}

async function nameOf(ctx: Context, { organisationId }: GrantPlace, row: StoredGrant): Promise<string> {
  if (row.user_id !== null) return (await findMembers(ctx.db, organisationId, [row.user_id]))[0]?.email ?? '';
  return `group ${(await findGroups(ctx.db, organisationId, [row.group_id as number]))[0]?.name ?? ''}`;
}

/** @throws RequestError 404 for an outsider. */
function own(level: Level, rights: Rights | null): OwnPermissions {
  if (rights === null) throw notFound();
  const granted = rights.grants.flatMap((grant) => grant.permissions);
  const everywhere = new Set(granted.filter(({ tags }) => tags.length === 0).map(({ key }) => key));
  return {
    permissions: catalogueOf(level)
      .map(({ key }) => key)
      .filter((key) => everywhere.has(key)),
    admin: isAdmin(rights),
    tag_based_permissions: granted
      .filter(({ tags }) => tags.length > 0)
      .map(({ key, tags }) => ({ permissions: [key], tags })),
  };
}

/** @throws RequestError 404 for outsiders and for a user who is one, 403 for who asks about others without administering. */
async function detailedOf(
  level: Level,
  callers: Rights | null,
  userId: number,
  ctx: Context,
  rightsOf: (whose: Whose) => Promise<Rights | null>,
): Promise<DetailedPermissions> {
  if (callers === null) throw notFound();
  const isOwn = ctx.actor.kind === 'user' && ctx.actor.userId === userId;
  if (!isOwn && !isAdmin(callers)) throw forbidden();
  const rights = await rightsOf({ kind: 'member', userId });
  if (rights === null) throw notFound();
  return detailsOf(level, rights);
}

/** What rights amount to at a level, in the order of the catalogue, and where each comes from. */
export function detailsOf(level: Level, rights: Rights): DetailedPermissions {
  return {
    admin: isAdmin(rights),
    ...provenance(rights.adminGrants, rights.isOrganisationAdmin),
    permissions: catalogueOf(level).flatMap(({ key }) => {
      const grants = rights.grants.filter((grant) => grant.permissions.some((granted) => granted.key === key));
      return grants.length === 0 ? [] : [{ permission_key: key, ...provenance(grants, false) }];
    }),
  };
}

type Given = { admin: boolean; permissions: string[] };

interface ChosenGrant extends WantedGrant {
  grantee: Grantee;
  key: string;
  /** Undefined for who is not of the organisation. */
  name: string | undefined;
}

/** @throws RequestError 400 that says at each grant what is wrong with it. */
function refuseWrong(chosen: ChosenGrant[]): void {
  const seen = new Set<string>();
  const wrong = chosen.map(({ user, group, level, permissions, key, name }): FieldErrors => {
    const who = user === undefined ? 'group' : 'user';
    const strange = strangeKeys(level, permissions);
    const isRepeated = seen.has(key);
    seen.add(key);
    return {
      ...(name === undefined && { [who]: [unknown((user ?? group) as number)] }),
      ...(isRepeated && { [who]: ['Named twice at the same place.'] }),
      ...(strange.length > 0 && { permissions: strange.map(unknown) }),
    };
  });
  if (wrong.some((errors) => Object.keys(errors).length > 0)) throw invalid({ changes: wrong });
}

/** @throws RequestError 409 with what is granted now, where that is not what a draft found. */
function refuseConflicts(chosen: (ChosenGrant & { stored: StoredGrant | undefined })[]): void {
  const conflicts = chosen
    .filter(({ base, level, stored }) => base && !isSame(knownGrant({ level, ...base }), givenBy(stored)))
    .map(({ environment, user = null, group = null, base, stored }) => ({
      environment,
      user,
      group,
      yours: base,
      current: givenBy(stored),
    }));
  if (conflicts.length > 0) {
    const detail = 'Somebody else changed this meanwhile. Look at what is granted now, and save again.';
    throw new RequestError('conflict', { detail, code: 'conflict', conflicts });
  }
}

function knownGrant({ level, admin, permissions }: Given & { level: Level }): Given {
  return { admin: admin && level !== 'Organisation', permissions: inOrder(level, permissions) };
}

function givenBy(stored: StoredGrant | undefined): Given {
  return stored === undefined
    ? { admin: false, permissions: [] }
    : { admin: stored.admin === 1, permissions: JSON.parse(stored.permissions) as string[] };
}

function isNothing({ admin, permissions }: Given): boolean {
  return !admin && permissions.length === 0;
}

function isSame(a: Given, b: Given): boolean {
  return a.admin === b.admin && JSON.stringify(a.permissions) === JSON.stringify(b.permissions);
}

async function grantsByKey(ctx: Context, scope: { organisationId: number; projectId: number | null }) {
  const rows = await findGrantsThroughout(ctx.db, scope);
  return new Map(rows.map((row) => [row.grant_key, row]));
}

/** What the audit log calls the people and groups that are of the organisation. */
async function namesOf(ctx: Context, organisationId: number, wanted: WantedGrant[]): Promise<Map<string, string>> {
  const idsOf = (who: 'user' | 'group') => [...new Set(wanted.flatMap((one) => one[who] ?? []))];
  const members = await findMembers(ctx.db, organisationId, idsOf('user'));
  const groups = await findGroups(ctx.db, organisationId, idsOf('group'));
  return new Map([
    ...members.map(({ id, email }): [string, string] => [nameKey({ userId: id }), email]),
    ...groups.map(({ id, name }): [string, string] => [nameKey({ groupId: id }), `group ${name}`]),
  ]);
}

function nameKey(grantee: Grantee): string {
  return 'userId' in grantee ? `user ${grantee.userId}` : `group ${grantee.groupId}`;
}

function provenance(grants: Grant[], byRole: boolean) {
  const groups = new Map<number, string>();
  for (const { source } of grants) if (source.kind === 'group') groups.set(source.id, source.name);
  return {
    is_directly_granted: byRole || grants.some(({ source }) => source.kind === 'user'),
    derived_from: {
      groups: [...groups].map(([id, name]) => ({ id, name })).toSorted((a, b) => a.id - b.id),
      roles: [],
    },
  };
}

function unknown(pk: string | number): string {
  return `Invalid pk "${pk}" - object does not exist.`;
}

const onlyPeople = 'This endpoint can only be used with a user and not Master API Key';
const cannotMove = 'A row of permissions stays with whom it was made for. Make another row.';
