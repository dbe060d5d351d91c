import type * as endpoints from '@halyard/contract';
import {
  type CodeReferenceCount,
  type CodeReferenceScan,
  type CodeReferenceSummary,
  type InputOf,
  shownCodeReferences,
} from '@halyard/contract';
import { openFeature, openProject } from '../access/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { nameKey } from '../names.ts';
import { sha256 } from '../secrets.ts';
import { findCounts, findPlaces, putRepository, type Repository, replacePlaces } from './store.ts';

/** Whoever may see the project may report: what is reported changes nothing that SDKs get, so a CI needs no more. */
export async function reportCodeReferences(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.reportCodeReferences>,
): Promise<CodeReferenceScan> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const url = repositoryAddress(body.repository_url);
  const repository = {
    project_id: projectId,
    url_key: sha256(url.toLowerCase()),
    url,
    vcs_provider: body.vcs_provider ?? (new URL(url).hostname.includes('gitlab') ? 'gitlab' : 'github'),
    revision: body.revision,
    scanned_at: ctx.now(),
  } as const;
  const places = new Map(
    body.code_references.map(({ feature_name, file_path, line_number }) => {
      const place = { name_key: nameKey(feature_name), file_path: fromRoot(file_path), line_number };
      return [JSON.stringify(place), place];
    }),
  );
  await inTransaction(ctx, async ({ db }) => {
    const repositoryId = await putRepository(db, repository);
    await replacePlaces(db, repositoryId, { places: [...places.values()], at: repository.scanned_at });
  });
  return {
    created_at: repository.scanned_at,
    project: projectId,
    repository_url: url,
    vcs_provider: repository.vcs_provider,
    revision: repository.revision,
    code_references: body.code_references.map((place) => ({ ...place, file_path: fromRoot(place.file_path) })),
  };
}

export async function listCodeReferences(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listCodeReferences>,
): Promise<CodeReferenceSummary[]> {
  const ids = { projectId: params.project_id, featureId: params.feature_id };
  const { projectId, feature } = await openFeature(ctx, ids, 'VIEW_PROJECT');
  const found = await codeReferencesOf(ctx, { projectId, featureName: feature.name, limit: shownCodeReferences });
  return found.map(({ count: _, ...summary }) => summary);
}

/** For each repository of a project where it names a feature, and how often; `limit` places of each at most. */
export async function codeReferencesOf(
  ctx: Context,
  { projectId, featureName, limit }: { projectId: number; featureName: string; limit: number },
): Promise<(CodeReferenceSummary & { count: number })[]> {
  const key = nameKey(featureName);
  const repositories = await findCounts(ctx.db, projectId, [key]);
  const places = await findPlaces(ctx.db, { projectId, nameKey: key, limit });
  const placesIn = Map.groupBy(places, (place) => place.repository_id);
  return repositories.map((repository) => {
    const about = {
      vcs_provider: repository.vcs_provider,
      repository_url: repository.url,
      revision: repository.revision,
    };
    return {
      ...about,
      count: repository.count ?? 0,
      last_successful_repository_scanned_at: repository.scanned_at,
      last_feature_found_at: repository.last_found_at,
      code_references: (placesIn.get(repository.id) ?? []).map(({ file_path, line_number }) => ({
        file_path,
        line_number,
        scanned_at: repository.scanned_at,
        ...about,
        permalink: permalink(repository, file_path, line_number),
      })),
    };
  });
}

/** Answers, for a feature's name, how often each repository of the project has it: one statement for all of them. */
export async function countCodeReferences(
  ctx: Context,
  projectId: number,
  found: { feature: { name: string } }[],
): Promise<(featureName: string) => CodeReferenceCount[]> {
  const rows = await findCounts(
    ctx.db,
    projectId,
    found.map(({ feature }) => nameKey(feature.name)),
  );
  const repositories = [...new Map(rows.map((row) => [row.id, row])).values()];
  const counts = new Map(rows.map((row) => [`${row.id} ${row.name_key}`, row]));
  return (featureName) =>
    repositories.map((repository) => {
      const own = counts.get(`${repository.id} ${nameKey(featureName)}`);
      return {
        repository_url: repository.url,
        count: own?.count ?? 0,
        last_successful_repository_scanned_at: repository.scanned_at,
        last_feature_found_at: own?.last_found_at ?? null,
      };
    });
}

/** Without what a CI's clone address has beside it: a token, `.git`, a slash at the end. */
function repositoryAddress(given: string): string {
  const { origin, pathname } = new URL(given);
  return origin + pathname.replace(/\/+$/, '').replace(/\.git$/, '');
}

/** `./src/a.ts` and `/src/a.ts` are `src/a.ts`. */
function fromRoot(path: string): string {
  return path.replace(/^(\.?\/)+/, '') || path;
}

function permalink({ url, vcs_provider, revision }: Repository, filePath: string, line: number): string {
  const path = `${revision}/${filePath}`.split('/').map(encodeURIComponent).join('/');
  return `${url}/${vcs_provider === 'gitlab' ? '-/blob' : 'blob'}/${path}#L${line}`;
}
