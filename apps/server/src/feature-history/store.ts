import { type ExpressionBuilder, sql } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

interface History {
  featureId: number;
  /** Changes of other environments of the project are left out. */
  environmentIds: number[];
}

/** What belongs together: the records of a change set, or else those of one transaction, which share their time. */
export interface StepKey {
  changeSetId: number | null;
  /** Null where there is a change set. */
  at: Timestamp | null;
}

const moment = sql<Timestamp | null>`case when change_set_id is null then created_date end`;

export async function countSteps(db: Database, history: History): Promise<number> {
  const { count } = await db
    .selectFrom(
      changesOf(db, history)
        .select(['change_set_id', moment.as('at')])
        .distinct()
        .as('steps'),
    )
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** A page of steps, the newest first. */
export async function findSteps(
  db: Database,
  history: History,
  window: { limit: number; offset: number },
): Promise<StepKey[]> {
  const rows = await changesOf(db, history)
    .groupBy(['change_set_id', moment])
    .select((eb) => ['change_set_id', moment.as('at'), eb.fn.max('id').as('last')])
    .orderBy('last', 'desc')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  return rows.map((row) => ({ changeSetId: row.change_set_id, at: row.at }));
}

/** The records of those steps, the oldest first. */
export async function recordsOf(db: Database, history: History, steps: StepKey[]) {
  if (steps.length === 0) return [];
  const ids = steps.flatMap(({ changeSetId }) => changeSetId ?? []);
  const times = steps.flatMap(({ at }) => at ?? []);
  return changesOf(db, history)
    .where((eb) =>
      eb.or([
        ...(ids.length > 0 ? [eb('change_set_id', 'in', ids)] : []),
        ...(times.length > 0 ? [eb.and([eb('change_set_id', 'is', null), eb('created_date', 'in', times)])] : []),
      ]),
    )
    .selectAll()
    .orderBy('id')
    .execute();
}

function changesOf(db: Database, { featureId, environmentIds }: History) {
  return db
    .selectFrom('changes')
    .where('feature_id', '=', featureId)
    .where((eb: ExpressionBuilder<Tables, 'changes'>) => {
      const everywhere = eb('environment_id', 'is', null);
      return environmentIds.length === 0 ? everywhere : eb.or([everywhere, eb('environment_id', 'in', environmentIds)]);
    });
}

export async function environmentIdsOf(db: Database, projectId: number): Promise<number[]> {
  const rows = await db.selectFrom('environments').where('project_id', '=', projectId).select('id').execute();
  return rows.map((row) => row.id);
}
