import type { ChangeOutcome, ChangeSetKind, ChangeSetPart, OptionForm } from '@halyard/contract';
import { type Rights, hasPermission } from '../access/rights.ts';
import type { ProjectScope, ProjectWithRights } from '../access/service.ts';
import { changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { type FieldErrors, RequestError } from '../errors.ts';
import {
  createMultivariateOption,
  deleteMultivariateOption,
  optionsOf,
  updateMultivariateOption,
} from '../multivariate-options/service.ts';
import { completeChangeSet, deleteChangeSet, insertChangeSet } from './store.ts';

/**
 * Runs `work`, which answers what it changed, in one transaction that holds the project and all of its environments; each
 * step that it makes belongs to the change set. With `dryRun` it is all made, and taken back.
 */
export async function inChangeSet(
  ctx: Context,
  scope: ProjectScope,
  about: { kind: ChangeSetKind; note: string | null | undefined; dryRun: boolean; undoes?: number },
  work: (ctx: Context, record: RecordChange, changeSetId: number) => Promise<ChangeSetPart[]>,
): Promise<ChangeOutcome> {
  try {
    // The outer one only holds: what comes first takes the rows in the order in which everybody takes them.
    return await changeProject(ctx, scope, async (ctx) => {
      const id = await insertChangeSet(ctx.db, {
        project_id: scope.projectId,
        kind: about.kind,
        note: about.note || null,
        created_date: ctx.now(),
        user_id: ctx.actor.kind === 'user' ? ctx.actor.userId : null,
        master_key_id: ctx.actor.kind === 'master_key' ? ctx.actor.masterKeyId : null,
        parts: '[]',
        undone_by: null,
        undoes: about.undoes ?? null,
      });
      const parts = await changeProject({ ...ctx, changeSetId: id }, scope, (ctx, record) => work(ctx, record, id));
      if (about.dryRun) throw new TakenBack(parts);
      if (parts.length === 0) {
        await deleteChangeSet(ctx.db, id);
        return { change_set: null, parts };
      }
      await completeChangeSet(ctx.db, id, parts);
      return { change_set: id, parts };
    });
  } catch (error) {
    if (error instanceof TakenBack) return { change_set: null, parts: error.parts };
    throw error;
  }
}

/** Ends a dry run: nothing of it is committed. */
class TakenBack extends Error {
  readonly parts: ChangeSetPart[];

  constructor(parts: ChangeSetPart[]) {
    super('dry run');
    this.parts = parts;
  }
}

/** One part of a request that takes a permission. */
export interface Need {
  /** Where it is in the request. */
  part: string;
  permission: string;
  /** Null for a permission in the project. */
  environment: number | null;
}

/** @throws RequestError 403 that names every part of the request that takes a permission which the caller has not */
export function refuseWithout(scope: ProjectWithRights, needs: Need[]): void {
  const rightsAt = (environment: number | null): Rights =>
    environment === null ? scope.rights : scope.rightsIn(environment);
  const missing = needs.filter(({ environment, permission }) => !hasPermission(rightsAt(environment), permission));
  if (missing.length === 0) return;
  throw new RequestError('forbidden', {
    detail: 'You do not have permission to perform this action.',
    parts: missing,
  });
}

/** Parts without those of environments that the caller may not see: a variant that goes is gone there, too. */
export function visibleParts(scope: ProjectWithRights, parts: ChangeSetPart[]): ChangeSetPart[] {
  return parts.filter(
    (part) => !('environment' in part) || hasPermission(scope.rightsIn(part.environment), 'VIEW_ENVIRONMENT'),
  );
}

/** Runs `work`; what it refuses about a field is told at that field's place in the request. */
export async function atField<T>(path: (string | number)[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== 'invalid') throw error;
    throw new RequestError('invalid', placed(path, error.body));
  }
}

function placed(path: (string | number)[], body: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => {
    if (typeof key === 'string') return { [key]: inner };
    return [...Array.from({ length: key }, () => ({}) as FieldErrors), inner];
  }, body);
}

/** A variant as it shall be: one that is there, or a new one with its `ref`. */
export type WantedOption = Omit<OptionForm, 'id'> & { id?: number | undefined; ref?: string | undefined };

/**
 * Gives a feature exactly these variants, and answers the ids of the new ones by their `ref`. `weightless`: the new ones
 * get nobody, where otherwise each environment gives them their default weight.
 */
export async function setOptions(
  ctx: Context,
  ids: { project_id: number; feature_id: number },
  wanted: WantedOption[],
  { weightless, path }: { weightless: boolean; path: string[] },
): Promise<Map<string, number>> {
  const before = (await optionsOf(ctx, [ids.feature_id])).get(ids.feature_id) ?? [];
  const kept = new Map(wanted.flatMap((option) => (option.id === undefined ? [] : [[option.id, option] as const])));
  const known = new Map(before.map((option) => [option.id, option]));
  for (const [index, { id }] of wanted.entries()) {
    if (id === undefined || known.has(id)) continue;
    throw new RequestError(
      'invalid',
      placed([...path, index], { id: [`Invalid pk "${id}" - object does not exist.`] }),
    );
  }
  for (const { id } of before) {
    if (!kept.has(id)) await deleteMultivariateOption(ctx, { params: { ...ids, option_id: id } });
  }
  // Those that get less come first, so that no sum in between is more than what there was or shall be.
  const growth = ({ id, default_percentage_allocation: weight }: WantedOption) =>
    weight - (known.get(id as number)?.default_percentage_allocation ?? 0);
  const changed = wanted.filter(({ id }) => id !== undefined).sort((a, b) => growth(a) - growth(b));
  for (const { id, ref: _, ...body } of changed) {
    await atField([...path, wanted.findIndex((option) => option.id === id)], () =>
      updateMultivariateOption(ctx, { params: { ...ids, option_id: id as number }, body }),
    );
  }
  const idOf = new Map<string, number>();
  for (const [index, { id, ref, ...body }] of wanted.entries()) {
    if (id !== undefined) continue;
    await atField([...path, index], async () => {
      const created = await createMultivariateOption(ctx, {
        params: ids,
        body: weightless ? { ...body, default_percentage_allocation: 0 } : body,
      });
      if (ref !== undefined) idOf.set(ref, created.id);
      if (!weightless) return;
      const { default_percentage_allocation } = body;
      await updateMultivariateOption(ctx, {
        params: { ...ids, option_id: created.id },
        body: { default_percentage_allocation },
      });
    });
  }
  return idOf;
}
