import type * as endpoints from '@halyard/contract';
import type { ExportedFeature, FeatureExport, InputOf, Page } from '@halyard/contract';
import { openEnvironment, openProject } from '../access/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { invalid, notFound, RequestError, refused } from '../errors.ts';
import { plusSeconds } from '../time.ts';
import {
  countExports,
  deleteOlder,
  environmentIdsOf,
  findExport,
  findExports,
  findUnknownTag,
  insertExport,
  readFeatures,
  type StoredExport,
} from './store.ts';

/**
 * Exports the features of an environment within the request: a thousand features take a few statements.
 * @throws RequestError 400 for a tag that the project has not.
 */
export async function createFeatureExport(
  ctx: Context,
  { body }: InputOf<typeof endpoints.createFeatureExport>,
): Promise<FeatureExport> {
  const { environmentId, environment, projectId } = await openEnvironment(ctx, { id: body.environment_id }, 'ADMIN');
  const unknown = await findUnknownTag(ctx.db, projectId, body.tag_ids);
  if (unknown !== null) throw invalid({ tag_ids: [`Invalid pk "${unknown}" - object does not exist.`] });
  return inTransaction(ctx, async (ctx) => {
    const at = ctx.now();
    await deleteOlder(ctx.db, plusSeconds(at, -keptSeconds));
    const features = await readFeatures(ctx.db, { environmentId, tagIds: body.tag_ids });
    const id = await insertExport(ctx.db, {
      environment_id: environmentId,
      name: `${environment.name} | ${at.slice(0, 10)} ${at.slice(11, 16)} UTC`,
      status: 'SUCCESS',
      created_at: at,
      file: JSON.stringify(features),
    });
    return shown((await findExport(ctx.db, id)) as StoredExport);
  });
}

/** Exports of the environments that the actor administers. */
export async function listFeatureExports(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listFeatureExports>,
): Promise<Page<FeatureExport>> {
  const environmentIds = await administeredEnvironments(ctx, params.project_id);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return {
    count: await countExports(ctx.db, environmentIds),
    results: await findExports(ctx.db, environmentIds, window),
  };
}

/** @throws RequestError 400 for an export that is not finished. */
export async function downloadFeatureExport(
  ctx: Context,
  { params }: InputOf<typeof endpoints.downloadFeatureExport>,
): Promise<ExportedFeature[]> {
  const found = await findExport(ctx.db, params.feature_export_id);
  if (found === null) throw notFound();
  await openEnvironment(ctx, { id: found.environment_id }, 'ADMIN');
  if (found.status !== 'SUCCESS') throw refused(`Unable to download export with status '${found.status}'.`);
  return JSON.parse(found.file) as ExportedFeature[];
}

/** Environments of a project that the actor administers. @throws RequestError 404, 403 as for the project. */
export async function administeredEnvironments(ctx: Context, projectId: number): Promise<number[]> {
  await openProject(ctx, projectId, 'VIEW_PROJECT');
  const ids = await environmentIdsOf(ctx.db, projectId);
  if (await isGranted(openProject(ctx, projectId, 'ADMIN'))) return ids;
  // Asked one by one: a project has a handful of environments.
  const granted = await Promise.all(ids.map((id) => isGranted(openEnvironment(ctx, { id }, 'ADMIN'))));
  return ids.filter((_, index) => granted[index]);
}

async function isGranted(opening: Promise<unknown>): Promise<boolean> {
  try {
    await opening;
    return true;
  } catch (error) {
    if (error instanceof RequestError) return false;
    throw error;
  }
}

/** How long exports and the list of imports are kept. */
export const keptSeconds = 14 * 86_400;

function shown({ file: _, ...found }: StoredExport): FeatureExport {
  return found;
}
