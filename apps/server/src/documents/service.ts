import type { EnvironmentDocument, PublishedEnvironment } from '@halyard/contract';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { buildPublished } from './build.ts';
import { findCurrentlyPublished, findPublished, newestVersion, readAtOneMoment } from './store.ts';

/**
 * The document of an environment as SDKs download it, at the newest version: the published one, or built now where the
 * publisher is behind. Who may read it is for the caller to check. @throws RequestError 404 where there is no environment.
 */
export async function documentOf(ctx: Context, environmentId: number): Promise<EnvironmentDocument> {
  const { document } = await publishedOf(ctx, environmentId);
  // Identity overrides are always published, because we evaluate with them; SDKs get them where they may.
  return document.use_identity_overrides_in_local_eval ? document : { ...document, identity_overrides: [] };
}

/** All that is published of an environment, at the newest version. Who may read it is for the caller to check. @throws RequestError 404 */
export async function publishedOf(ctx: Context, environmentId: number): Promise<PublishedEnvironment> {
  return (await publishedAtNewest(ctx, environmentId)) ?? (await buildNow(ctx, environmentId));
}

/** {@link publishedOf} for several environments, in the order of their ids. Those that are gone are left out. */
export async function publishedOfAll(ctx: Context, environmentIds: number[]): Promise<PublishedEnvironment[]> {
  const current = await findCurrentlyPublished(ctx.db, environmentIds);
  const found = new Map(current.map((published) => [published.environmentId, published]));
  // Behind is an environment for a moment after a change, so these are few.
  for (const environmentId of environmentIds) {
    if (found.has(environmentId)) continue;
    const rows = await readAtOneMoment(ctx.db, environmentId);
    if (rows !== null) found.set(environmentId, buildPublished(rows));
  }
  return [...found.values()].sort((a, b) => a.environmentId - b.environmentId);
}

async function publishedAtNewest(ctx: Context, environmentId: number): Promise<PublishedEnvironment | null> {
  const newest = await newestVersion(ctx.db, environmentId);
  const published = await findPublished(ctx.db, environmentId);
  return published !== null && newest !== null && published.version >= newest ? published : null;
}

async function buildNow(ctx: Context, environmentId: number): Promise<PublishedEnvironment> {
  const rows = await readAtOneMoment(ctx.db, environmentId);
  if (rows === null) throw notFound();
  return buildPublished(rows);
}
