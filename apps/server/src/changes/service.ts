import type { Insertable } from 'kysely';
import type { EnvironmentScope, OrganisationScope, ProjectScope } from '../access/service.ts';
import { type Context, inTransaction } from '../context.ts';
import type { ChangeTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';
import {
  holdEnvironment,
  holdOrganisation,
  holdProject,
  insertChange,
  insertChanges,
  takeVersionEverywhere,
  takeVersions,
} from './store.ts';

export type ObjectType =
  | 'FEATURE'
  | 'FEATURE_STATE'
  | 'EF_VERSION'
  | 'SEGMENT'
  | 'ENVIRONMENT'
  | 'PROJECT'
  | 'IDENTITY'
  | 'ENVIRONMENT_KEY'
  | 'ORGANISATION'
  | 'ORGANISATION_MEMBER'
  | 'MASTER_KEY'
  | 'TRUST_RELATIONSHIP'
  | 'TAG'
  | 'METADATA_FIELD'
  | 'WEBHOOK'
  | 'INTEGRATION'
  | 'PERMISSION'
  | 'GROUP'
  | 'FEATURE_HEALTH'
  | 'EXTERNAL_RESOURCE'
  | 'IMPORT_REQUEST'
  | 'INVITE';

/** One audited step: who (the actor), what, before, after. */
export interface Change {
  objectType: ObjectType;
  objectId: number;
  objectUuid?: string;
  changeType: 'CREATE' | 'UPDATE' | 'DELETE';
  /** A sentence for the audit log. */
  log: string;
  /** The object as the API shows it. */
  before?: unknown;
  after?: unknown;
  /** The feature that it is about, where neither the object nor `before` and `after` say so. */
  featureId?: number;
  /** Feature states that a step on something larger made or removed, for those who are told of states. */
  featureStates?: { before?: unknown; after?: unknown }[];
  /** In a project's change: the one environment that this step touches. Without it, it touches all of them. */
  environmentId?: number;
  /** What SDKs get is the same after this step, so that no environment takes a version for it. */
  keepsDocuments?: true;
}

/** What `work` calls for each step that it made. */
export type RecordChange = (change: Change) => void;

/**
 * Runs `work` in one transaction that holds the environment's row, so that changes of one environment happen one after
 * the other. Each recorded step takes the environment's next version; all of it is committed, or nothing.
 */
export async function changeEnvironment<T>(
  ctx: Context,
  scope: EnvironmentScope,
  work: (ctx: Context, record: RecordChange) => Promise<T>,
): Promise<T> {
  return inTransaction(ctx, async (ctx) => {
    await holdEnvironment(ctx.db, scope.environmentId);
    const changes: Change[] = [];
    const record = (change: Change) => changes.push({ ...change, environmentId: scope.environmentId });
    const result = await withPrecondition(ctx, (ctx) => work(ctx, record));
    await writeChanges(ctx, scope, changes, [scope.environmentId]);
    return result;
  });
}

/**
 * The same for what belongs to a project: a step without an environment gives each environment its next version, also
 * where `work` deletes it, so that its document is withdrawn.
 */
export async function changeProject<T>(
  ctx: Context,
  scope: ProjectScope,
  work: (ctx: Context, record: RecordChange) => Promise<T>,
): Promise<T> {
  return inTransaction(ctx, async (ctx) => {
    const environmentIds = await holdProject(ctx.db, scope.projectId);
    const changes: Change[] = [];
    const result = await withPrecondition(ctx, (ctx) => work(ctx, (change) => changes.push(change)));
    await writeChanges(ctx, scope, changes, environmentIds);
    return result;
  });
}

/** A step that belongs to an organisation as a whole. */
export interface OrganisationChange extends Omit<Change, 'environmentId' | 'keepsDocuments'> {
  /** Gives every environment of the organisation its next version, deleted ones too: their documents are withdrawn. */
  everyEnvironment?: boolean;
}

/** The same for what belongs to an organisation, whose row it holds. A step touches no environment unless it says so. */
export async function changeOrganisation<T>(
  ctx: Context,
  scope: OrganisationScope,
  work: (ctx: Context, record: (change: OrganisationChange) => void) => Promise<T>,
): Promise<T> {
  return inTransaction(ctx, async (ctx) => {
    await holdOrganisation(ctx.db, scope.organisationId);
    const changes: OrganisationChange[] = [];
    const result = await work(ctx, (change) => changes.push(change));
    const at = ctx.now();
    for (const change of changes) {
      const changeId = await insertChange(ctx.db, rowOf(ctx, scope, change, at));
      if (change.everyEnvironment) await takeVersionEverywhere(ctx.db, scope.organisationId, changeId, at);
    }
    if (changes.some((change) => change.everyEnvironment)) ctx.afterCommit(ctx.wakePublisher);
    return result;
  });
}

/** A conditional request is decided here, where nobody else can change what it is about. */
async function withPrecondition<T>(ctx: Context, work: (ctx: Context) => Promise<T>): Promise<T> {
  const { precondition } = ctx;
  if (precondition === undefined) return work(ctx);
  const decided = { ...ctx, precondition: undefined };
  await precondition.before(decided);
  const result = await work(decided);
  await precondition.after(decided);
  return result;
}

async function writeChanges(
  ctx: Context,
  scope: OrganisationScope & { projectId: number },
  changes: Change[],
  environmentIds: number[],
): Promise<void> {
  if (changes.length === 0) return;
  const at = ctx.now();
  const versions = new Map<number, number[]>();
  const apart = changes.filter((change) => change.keepsDocuments);
  for (const change of changes.filter((change) => !change.keepsDocuments)) {
    const changeId = await insertChange(ctx.db, rowOf(ctx, scope, change, at));
    for (const id of change.environmentId === undefined ? environmentIds : [change.environmentId]) {
      versions.set(id, [...(versions.get(id) ?? []), changeId]);
    }
  }
  for (const [environmentId, changeIds] of [...versions].sort(([a], [b]) => a - b)) {
    await takeVersions(ctx.db, environmentId, changeIds, at);
  }
  await insertChanges(
    ctx.db,
    apart.map((change) => rowOf(ctx, scope, change, at)),
  );
  if (versions.size > 0) ctx.afterCommit(ctx.wakePublisher);
}

function rowOf(
  { actor, changeSetId }: Context,
  scope: OrganisationScope & { projectId?: number },
  change: Change,
  at: Timestamp,
): Insertable<ChangeTable> {
  return {
    organisation_id: scope.organisationId,
    project_id: scope.projectId ?? null,
    environment_id: change.environmentId ?? null,
    created_date: at,
    user_id: actor.kind === 'user' ? actor.userId : null,
    master_key_id: actor.kind === 'master_key' ? actor.masterKeyId : null,
    object_type: change.objectType,
    object_id: change.objectId,
    object_uuid: change.objectUuid ?? null,
    change_type: change.changeType,
    log: change.log,
    before: change.before === undefined ? null : JSON.stringify(change.before),
    after: change.after === undefined ? null : JSON.stringify(change.after),
    is_system_event: actor.kind === 'system' ? 1 : 0,
    change_set_id: changeSetId ?? null,
    feature_id: featureIdOf(change),
    feature_states: change.featureStates === undefined ? null : JSON.stringify(change.featureStates),
  };
}

/** The feature whose history a step belongs to: a segment belongs to one where it is only for that feature. */
function featureIdOf({ objectType, objectId, featureId, before, after }: Change): number | null {
  if (featureId !== undefined) return featureId;
  if (objectType === 'FEATURE') return objectId;
  if (objectType !== 'FEATURE_STATE' && objectType !== 'EF_VERSION' && objectType !== 'SEGMENT') return null;
  const feature = ((after ?? before) as { feature?: number | { id: number } | null } | undefined)?.feature ?? null;
  return typeof feature === 'object' ? (feature?.id ?? null) : feature;
}

export type { StoredChange } from './store.ts';
