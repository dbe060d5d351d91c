import type * as endpoints from '@halyard/contract';
import type { ExternalResource, ExternalResourceType, InputOf } from '@halyard/contract';
import { type FeatureScope, openFeature, openOrganisation, openProject } from '../access/service.ts';
import { changeProject, type RecordChange, type StoredChange } from '../changes/service.ts';
import { codeReferencesOf } from '../code-references/service.ts';
import type { Context } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { invalid, invalidTogether, notFound, RequestError, refused } from '../errors.ts';
import { githubOf } from '../github/service.ts';
import { followGitlabProject, gitlabOf } from '../gitlab/service.ts';
import { enqueue } from '../jobs/service.ts';
import { sha256 } from '../secrets.ts';
import { plusSeconds } from '../time.ts';
import { tagByTracker } from '../tags/service.ts';
import { type Item, type ItemState, itemAt, orBadGateway, type Tracker, TrackerError } from '../trackers/tracker.ts';
import { eventsOf } from '../webhooks/events.ts';
import { commentOf, literal } from './comments.ts';
import {
  deleteResources,
  findByUrl,
  findOfFeatures,
  findPlaced,
  findProjectOf,
  findResource,
  findResources,
  insertResource,
  type PlacedResource,
  projectsWithResources,
  type Resource,
  updateResource,
} from './store.ts';

export async function listExternalResources(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listExternalResources>,
): Promise<{ results: ExternalResource[] }> {
  const { featureId } = await openFeature(ctx, idsOf(params), 'VIEW_PROJECT');
  return { results: (await findResources(ctx.db, featureId)).map(shown) };
}

export async function getExternalResource(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getExternalResource>,
): Promise<ExternalResource> {
  const { featureId } = await openFeature(ctx, idsOf(params), 'VIEW_PROJECT');
  return shown(await readOne(ctx, featureId, params.resource_id));
}

/** @throws RequestError 400 for an address that is no such item, or is not of a repository that the project uses */
export async function createExternalResource(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createExternalResource>,
): Promise<ExternalResource> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  refuseOtherFeature(scope, body.feature);
  await requireItem(ctx, scope, body);
  return link(ctx, scope, body);
}

export async function updateExternalResource(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchExternalResource>,
): Promise<ExternalResource> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  refuseOtherFeature(scope, body.feature);
  const known = await readOne(ctx, scope.featureId, params.resource_id);
  const wanted = { type: body.type ?? known.type, url: body.url ?? known.url };
  if (wanted.type !== known.type || wanted.url !== known.url) await requireItem(ctx, scope, wanted);
  return refusingRepeats(ctx, () =>
    changeProject(ctx, scope, async (ctx, record) => {
      const before = await readOne(ctx, scope.featureId, params.resource_id);
      const moves = wanted.type !== before.type || wanted.url !== before.url;
      const after: Resource = {
        ...before,
        ...wanted,
        url_key: keyOf(wanted.url),
        ...(body.metadata !== undefined && { metadata: body.metadata && JSON.stringify(body.metadata) }),
        ...(moves && { state: null }),
      };
      if (JSON.stringify(before) === JSON.stringify(after)) return shown(after);
      const { id, ...columns } = after;
      await updateResource(ctx.db, id, columns);
      if (moves) {
        await sayFarewell(ctx, { ...scope, name: scope.feature.name }, before, 'is not linked to this any more.');
        await retag(ctx, record, scope.projectId, scope.featureId);
        await enqueue(ctx, { kind: linkKind, payload: { resourceId: id } });
      }
      const log = `Link changed on feature ${scope.feature.name}: ${after.url}`;
      record({ ...step(id), changeType: 'UPDATE', log, before: shown(before), after: shown(after) });
      return shown(after);
    }),
  );
}

export async function deleteExternalResource(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteExternalResource>,
): Promise<void> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await readOne(ctx, scope.featureId, params.resource_id);
    await deleteResources(ctx.db, [before.id]);
    await retag(ctx, record, scope.projectId, scope.featureId);
    await sayFarewell(ctx, { ...scope, name: scope.feature.name }, before, 'is not linked to this any more.');
    const log = `Link removed from feature ${scope.feature.name}: ${before.url}`;
    record({ ...step(before.id), changeType: 'DELETE', log, before: shown(before) });
  });
}

/**
 * Opens an issue in each GitHub repository that the project uses and whose code names the feature, and links it. One that
 * was opened before and is not closed is enough.
 * @throws RequestError 400 where there is no such repository, 502
 */
export async function createCleanupIssue(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createCleanupIssue>,
): Promise<void> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const projectId = await findProjectOf(ctx.db, organisationId, body.feature_id);
  if (projectId === null) throw notFound();
  const scope = await openFeature(ctx, { projectId, featureId: body.feature_id }, 'CREATE_FEATURE');
  const { name } = scope.feature;
  const places = await codeReferencesOf(ctx, { projectId, featureName: name, limit: 100 });
  const known = await findResources(ctx.db, scope.featureId);
  let found = 0;
  for (const repository of places) {
    const path = repositoryAt(repository.repository_url, ctx.config.githubApp?.url);
    const used = repository.count === 0 || path === null ? null : await githubOf(ctx, scope, path);
    if (used === null || path === null || found === maxIssues) continue;
    found++;
    const start = `${repository.repository_url}/issues/`.toLowerCase();
    const isOpen = (one: Resource) => metadataOf(one)?.cleanup === true && metadataOf(one)?.state !== 'closed';
    if (known.some((one) => one.url.toLowerCase().startsWith(start) && isOpen(one))) continue;
    const title = `Remove the feature ${name} from the code`;
    const lines = repository.code_references.map((line) => `- [ ] ${line.permalink}`);
    const content = { title, body: [`The code names the feature ${literal(name)} here:`, '', ...lines].join('\n') };
    const url = await orBadGateway('GitHub', () => used.github.openIssue(path, content));
    await link(ctx, scope, { type: 'GITHUB_ISSUE', url, metadata: { title, state: 'open', cleanup: true } });
  }
  if (found > 0) return;
  throw new RequestError('invalid', { error: 'No GitHub repository that the project uses names this feature.' });
}

const maxIssues = 10;

/** What a service told of an item, for the features of these projects that it is linked to. A repeat changes nothing. */
export async function takeTold(
  ctx: Context,
  told: { projectIds: number[]; url: string; title: string; state: ItemState; isTagged: boolean },
): Promise<void> {
  const resources = await findByUrl(ctx.db, keyOf(told.url), told.projectIds);
  for (const resource of resources) await keepTold(ctx, resource, told);
}

async function keepTold(
  ctx: Context,
  resource: PlacedResource,
  told: { title: string; state: ItemState; isTagged: boolean },
): Promise<void> {
  const system: Context = { ...ctx, actor: { kind: 'system' } };
  const scope = await openProject(system, resource.project_id, 'ADMIN');
  await changeProject(system, scope, async (ctx, record) => {
    const before = await findResource(ctx.db, resource.feature_id, resource.id);
    if (before === null) return;
    const metadata = JSON.stringify({ ...metadataOf(before), title: told.title, state: told.state });
    const after: Resource = { ...before, metadata, state: told.isTagged ? told.state : null };
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    await updateResource(ctx.db, before.id, { metadata, state: after.state });
    await retag(ctx, record, resource.project_id, resource.feature_id);
    const log = `${kindOf(before)} ${told.state}, linked to feature ${resource.feature_name}: ${before.url}`;
    record({ ...step(before.id), changeType: 'UPDATE', log, before: shown(before), after: shown(after) });
  });
}

/** Plans comments about what changes did to features, in the transaction in which the changes are ticked off. */
export async function writeComments(ctx: Context, changes: StoredChange[]): Promise<void> {
  const telling = changes.filter((change) => change.project_id !== null && tellingTypes.has(change.object_type));
  const projects = await projectsWithResources(ctx.db, [
    ...new Set(telling.map((change) => change.project_id as number)),
  ]);
  if (projects.size === 0) return;
  const own = telling.filter((change) => projects.has(change.project_id as number));
  /** When each feature last changed. */
  const updated = new Map<number, string>();
  const deleted = new Set<number>();
  for (const { change, type, data } of await eventsOf(ctx, own)) {
    if (type !== 'FLAG_UPDATED' && type !== 'FLAG_DELETED') continue;
    const { new_state, previous_state } = data as Record<string, { feature: { id: number }; identity: unknown } | null>;
    const state = new_state ?? previous_state;
    // What one person gets is not told.
    if (!state || state.identity != null) continue;
    if (type === 'FLAG_DELETED') deleted.add(state.feature.id);
    else updated.set(state.feature.id, change.created_date);
  }
  const resources = await findOfFeatures(ctx.db, [...new Set([...updated.keys(), ...deleted])]);
  for (const resource of resources) {
    if (deleted.has(resource.feature_id)) {
      const scope = { organisationId: resource.organisation_id, projectId: resource.project_id };
      await sayFarewell(ctx, { ...scope, name: resource.feature_name }, resource, 'was deleted.');
    } else if (resource.created_at < (updated.get(resource.feature_id) ?? '')) {
      // The link's own comment tells what was before it. While one waits, the next only renews it: changes of some
      // seconds are one comment.
      const payload = { resourceId: resource.id };
      const runAt = plusSeconds(ctx.now(), pauseSeconds);
      await enqueue(ctx, { kind: tellKind, payload, uniqueKey: String(resource.id), runAt });
    }
  }
  const gone = resources.filter((resource) => deleted.has(resource.feature_id));
  await deleteResources(
    ctx.db,
    gone.map((resource) => resource.id),
  );
}

const pauseSeconds = 5;
const tellingTypes = new Set(['FEATURE', 'FEATURE_STATE', 'SEGMENT', 'EF_VERSION']);

const linkKind = 'external-resources.link';
const tellKind = 'external-resources.tell';
const farewellKind = 'external-resources.farewell';

/** The jobs of this slice by kind. */
export const externalResourceJobs = {
  [linkKind]: (ctx: Context, payload: { resourceId: number }) => givingUp(ctx, () => beginLink(ctx, payload)),
  [tellKind]: (ctx: Context, payload: { resourceId: number }) => givingUp(ctx, () => tell(ctx, payload)),
  [farewellKind]: (ctx: Context, payload: Farewell) => givingUp(ctx, () => bidFarewell(ctx, payload)),
};

async function beginLink(ctx: Context, { resourceId }: { resourceId: number }): Promise<void> {
  const resource = await findPlaced(ctx.db, resourceId);
  const found = resource && (await trackerOf(ctx, placeOf(resource), resource));
  if (resource === null || found === null) return;
  const { tracker, item, isTagged, isLabelled, follow } = found;
  await keepTold(ctx, resource, { ...(await tracker.read(item)), isTagged });
  await follow();
  if (isLabelled) await tracker.label(item);
  await tracker.comment(item, await commentOf(ctx, resource, 'is linked to this. It serves:'));
}

async function tell(ctx: Context, { resourceId }: { resourceId: number }): Promise<void> {
  const resource = await findPlaced(ctx.db, resourceId);
  const found = resource && (await trackerOf(ctx, placeOf(resource), resource));
  if (resource === null || found === null) return;
  await found.tracker.comment(found.item, await commentOf(ctx, resource, 'changed. It serves now:'));
}

/** All that it takes to speak of a link that is gone. */
interface Farewell {
  organisationId: number;
  projectId: number;
  type: ExternalResourceType;
  url: string;
  text: string;
}

async function sayFarewell(
  ctx: Context,
  scope: { organisationId: number; projectId: number; name: string },
  { type, url }: Resource,
  sentence: string,
): Promise<void> {
  const { organisationId, projectId } = scope;
  const text = `The feature ${literal(scope.name)} ${sentence}`;
  await enqueue(ctx, {
    kind: farewellKind,
    payload: { organisationId, projectId, type, url, text } satisfies Farewell,
  });
}

async function bidFarewell(ctx: Context, { organisationId, projectId, type, url, text }: Farewell): Promise<void> {
  const found = await trackerOf(ctx, { organisationId, projectId }, { type, url });
  await found?.tracker.comment(found.item, text);
}

/** Where asking again would not help, the job is done. */
async function givingUp(ctx: Context, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TrackerError) || error.again) throw error;
    ctx.log.warn({ err: error }, 'GitHub or GitLab refused something about a link');
  }
}

interface Found {
  tracker: Tracker;
  item: Item;
  /** Whether features get tags for its state. */
  isTagged: boolean;
  /** Whether it gets a label. */
  isLabelled: boolean;
  /** Makes the service tell us of its state from now on. */
  follow: () => Promise<void>;
}

/** Where an item is and how to ask for it; null where the project does not use its repository. */
async function trackerOf(
  ctx: Context,
  scope: { organisationId: number; projectId: number },
  { type, url }: { type: ExternalResourceType; url: string },
): Promise<Found | null> {
  if (isGithub(type)) {
    const item = itemAt(url, type, ctx.config.githubApp?.url ?? 'https://github.com');
    const used = item && (await githubOf(ctx, scope, item.repository));
    if (item === null || used === null) return null;
    // The app's own webhook tells.
    const follow = async () => undefined;
    return { tracker: used.github, item, isTagged: used.tagging, isLabelled: used.tagging, follow };
  }
  const connection = await gitlabOf(ctx, scope.projectId);
  const item = connection && itemAt(url, type, connection.url);
  if (connection === null || item === null) return null;
  return {
    tracker: connection.gitlab,
    item,
    isTagged: true,
    isLabelled: connection.labeling,
    follow: () => followGitlabProject(ctx, scope.projectId, item.repository),
  };
}

/** @throws RequestError 400 */
async function requireItem(
  ctx: Context,
  scope: FeatureScope,
  { type, url }: { type: ExternalResourceType; url: string },
): Promise<void> {
  const service = isGithub(type) ? 'GitHub' : 'GitLab';
  const gitlab = isGithub(type) ? null : await gitlabOf(ctx, scope.projectId);
  if (!isGithub(type) && gitlab === null) throw refused('This project has no valid GitLab integration.');
  const base = isGithub(type) ? (ctx.config.githubApp?.url ?? 'https://github.com') : (gitlab?.url ?? '');
  if (itemAt(url, type, base) === null) {
    throw invalid({ url: [`Enter the address of ${articles[type]} at ${new URL(base).host}.`] });
  }
  if ((await trackerOf(ctx, scope, { type, url })) === null) {
    throw refused(`This project has no ${service} integration for this repository.`);
  }
}

const articles: Record<ExternalResourceType, string> = {
  GITHUB_ISSUE: 'an issue',
  GITHUB_PR: 'a pull request',
  GITLAB_ISSUE: 'an issue',
  GITLAB_MR: 'a merge request',
};

async function link(
  ctx: Context,
  scope: FeatureScope,
  given: { type: ExternalResourceType; url: string; metadata?: Record<string, unknown> | null | undefined },
): Promise<ExternalResource> {
  return refusingRepeats(ctx, () =>
    changeProject(ctx, scope, async (ctx, record) => {
      const row = {
        project_id: scope.projectId,
        feature_id: scope.featureId,
        type: given.type,
        url: given.url,
        url_key: keyOf(given.url),
        metadata: given.metadata ? JSON.stringify(given.metadata) : null,
        state: null,
        created_at: ctx.now(),
      };
      const id = await insertResource(ctx.db, row);
      await enqueue(ctx, { kind: linkKind, payload: { resourceId: id } });
      const after = shown({ ...row, id });
      const log = `Link added to feature ${scope.feature.name}: ${row.url}`;
      record({ ...step(id), changeType: 'CREATE', log, after });
      return after;
    }),
  );
}

/** Tags of a feature follow what is known of everything that is linked to it. */
async function retag(ctx: Context, record: RecordChange, projectId: number, featureId: number): Promise<void> {
  const resources = await findResources(ctx.db, featureId);
  for (const type of ['GITHUB', 'GITLAB'] as const) {
    const labels = resources.flatMap((one) =>
      one.state === null || isGithub(one.type) !== (type === 'GITHUB')
        ? []
        : `${kindOf(one)} ${one.state.charAt(0).toUpperCase()}${one.state.slice(1)}`,
    );
    await tagByTracker(ctx, record, projectId, { featureId, type, labels: [...new Set(labels)] });
  }
}

function kindOf({ type }: { type: ExternalResourceType }): string {
  if (type === 'GITHUB_PR') return 'PR';
  return type === 'GITLAB_MR' ? 'MR' : 'Issue';
}

function isGithub(type: ExternalResourceType): boolean {
  return type === 'GITHUB_ISSUE' || type === 'GITHUB_PR';
}

/** `owner/name` of a repository's address; null where it is at another place. */
function repositoryAt(url: string, base: string | undefined): string | null {
  if (base === undefined || !url.toLowerCase().startsWith(`${base.toLowerCase()}/`)) return null;
  const path = url.slice(base.length + 1);
  return /^[\w.-]+\/[\w.-]+$/.test(path) ? path : null;
}

async function refusingRepeats<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!factsOf(ctx.db).isUniqueViolation(error)) throw error;
    throw invalidTogether('This is linked to the feature already.');
  }
}

async function readOne(ctx: Context, featureId: number, resourceId: number): Promise<Resource> {
  const found = await findResource(ctx.db, featureId, resourceId);
  if (found === null) throw notFound();
  return found;
}

function refuseOtherFeature(scope: FeatureScope, feature: number | undefined): void {
  if (feature === undefined || feature === scope.featureId) return;
  throw invalid({ feature: ['A link stays with the feature of its path.'] });
}

/** GitLab calls issues work items at times. */
function keyOf(url: string): string {
  return sha256(url.toLowerCase().replace(/\/+$/, '').replace('/-/work_items/', '/-/issues/'));
}

function metadataOf({ metadata }: Resource): Record<string, unknown> | null {
  return metadata === null ? null : (JSON.parse(metadata) as Record<string, unknown>);
}

function placeOf({ organisation_id, project_id }: PlacedResource) {
  return { organisationId: organisation_id, projectId: project_id };
}

function step(objectId: number) {
  return { objectType: 'EXTERNAL_RESOURCE', objectId, keepsDocuments: true } as const;
}

function shown(row: Resource): ExternalResource {
  return { id: row.id, url: row.url, type: row.type, metadata: metadataOf(row), feature: row.feature_id };
}

function idsOf(params: { project_id: number; feature_id: number }) {
  return { projectId: params.project_id, featureId: params.feature_id };
}
