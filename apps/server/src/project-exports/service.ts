import type * as endpoints from '@halyard/contract';
import { type InputOf, type ProjectFile, projectFile } from '@halyard/contract';
import { openOrganisation, openProject } from '../access/service.ts';
import { changeProject } from '../changes/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { createEnvironment } from '../environments/service.ts';
import { invalid } from '../errors.ts';
import { adoptServed, startVersioning } from '../feature-versions/service.ts';
import { createProject } from '../projects/service.ts';
import { problemsIn } from './check.ts';
import { insertContents, keysTaken, readProject, setKey } from './store.ts';

export async function exportProject(
  ctx: Context,
  { params }: InputOf<typeof endpoints.exportProject>,
): Promise<ProjectFile> {
  const { project } = await openProject(ctx, params.project_id, 'ADMIN');
  return {
    format: 'halyard-project',
    version: 1,
    exported_at: ctx.now(),
    project: {
      name: project.name,
      hide_disabled_flags: project.hide_disabled_flags === 1,
      prevent_flag_defaults: project.prevent_flag_defaults === 1,
      enable_realtime_updates: project.enable_realtime_updates === 1,
      only_allow_lower_case_feature_names: project.only_allow_lower_case_feature_names === 1,
      feature_name_regex: project.feature_name_regex,
      stale_flags_limit_days: project.stale_flags_limit_days,
      minimum_change_request_approvals: project.minimum_change_request_approvals,
      enforce_feature_owners: project.enforce_feature_owners === 1,
    },
    ...(await readProject(ctx.db, project.id)),
  };
}

/**
 * Creates a project from a file in one transaction. Ids are new; seeds are kept, so that with the environments' keys
 * people keep their variants.
 * @throws RequestError 400 that names the place in the file, or for a name that the organisation has already.
 */
export async function importProject(ctx: Context, { params, query, body }: InputOf<typeof endpoints.importProject>) {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'CREATE_PROJECT');
  const file = parse(body);
  return inTransaction(ctx, async (ctx) => {
    if (query.keep_keys) await refuseTakenKeys(ctx, file);
    const project = await createProject(ctx, {
      body: { ...file.project, name: query.name ?? file.project.name, organisation: organisationId },
    });
    const environments: { id: number; name: string; api_key: string }[] = [];
    // Before there are features, so that each starts empty. One by one: each is a step of its own in the audit log.
    for (const { key, use_v2_feature_versioning: _, ...settings } of file.environments) {
      const { id, name, api_key } = await createEnvironment(ctx, { body: { ...settings, project: project.id } });
      const keptKey = query.keep_keys && key !== undefined ? key : api_key;
      if (keptKey !== api_key) await setKey(ctx.db, id, keptKey);
      environments.push({ id, name, api_key: keptKey });
    }
    const scope = await openProject(ctx, project.id, 'ADMIN');
    await changeProject(ctx, scope, async (ctx, record) => {
      const ids = {
        organisationId,
        projectId: project.id,
        environmentIds: environments.map(({ id }) => id),
        keepUuids: query.keep_keys,
      };
      await insertContents(ctx.db, ids, file, ctx.now());
      for (const [index, { id }] of environments.entries()) {
        if (file.environments[index]?.use_v2_feature_versioning === true) await startVersioning(ctx, id);
      }
      const counts = `${file.environments.length} environments, ${file.features.length} features, ${file.segments.length} segments`;
      record({
        objectType: 'PROJECT',
        objectId: project.id,
        objectUuid: project.uuid,
        changeType: 'UPDATE',
        log: `Project imported: ${project.name} (${counts})`,
      });
    });
    return { ...project, environments };
  });
}

/**
 * Adds features, segments, tags and overrides to a project that is there, inside a change of the project: `contents` as in
 * a project file, with all of the project's environments, in the order of `environmentIds`. Features must be new to it.
 * Answers their ids by name. @throws RequestError 400 with the paths of what is wrong
 */
export async function addContents(
  ctx: Context,
  place: { organisationId: number; projectId: number; environmentIds: number[] },
  contents: Omit<ProjectFile, 'format' | 'version' | 'exported_at' | 'project'>,
): Promise<Map<string, number>> {
  const file = parse({ format: 'halyard-project', version: 1, project: { name: 'contents' }, ...contents });
  const ids = await insertContents(ctx.db, { ...place, keepUuids: false }, file, ctx.now());
  await adoptServed(
    ctx,
    { projectId: place.projectId },
    file.features.map(({ name }) => ids.get(name) as number),
  );
  return ids;
}

/** @throws RequestError 400 with the paths of what is wrong, at most a hundred */
function parse(body: unknown): ProjectFile {
  const parsed = projectFile.safeParse(body);
  const problems = parsed.success
    ? problemsIn(parsed.data)
    : parsed.error.issues.map((issue) => ({ path: issue.path, message: issue.message }));
  if (parsed.success && problems.length === 0) return parsed.data;
  throw invalid(Object.fromEntries(problems.slice(0, 100).map(({ path, message }) => [pathText(path), [message]])));
}

async function refuseTakenKeys(ctx: Context, file: ProjectFile): Promise<void> {
  const keys = file.environments.flatMap(({ key }) => key ?? []);
  const taken = new Set(await keysTaken(ctx.db, keys));
  const problems: Record<string, string[]> = {};
  for (const [index, { key }] of file.environments.entries()) {
    if (key !== undefined && taken.has(key)) problems[`environments[${index}].key`] = [keyTaken];
  }
  if (Object.keys(problems).length > 0) throw invalid(problems);
}

/** `environments[0].states[3].feature` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

const keyTaken = 'An environment of this installation has this key already. Import without keep_keys.';
