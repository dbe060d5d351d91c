import { compileDocument } from '@halyard/engine';
import { sql } from 'kysely';
import { factsOf } from '../db/dialects/dialect.ts';
import type { Database } from '../db/tables.ts';
import { documentOf } from '../documents/service.ts';
import type { TestContext } from './context.ts';

/** What every row must hold after whatever was asked; a line for each that does not. */
export async function brokenInvariants(db: Database): Promise<string[]> {
  const broken: string[] = [];
  const expectNone = async (promise: string, query: ReturnType<typeof sql>) => {
    const { rows } = await query.execute(db);
    if (rows.length > 0) broken.push(`${promise}: ${JSON.stringify(rows.slice(0, 3))}`);
  };
  // The other databases refuse a row that would break a foreign key; SQLite does too, unless a connection forgot to ask.
  if (factsOf(db).name === 'sqlite') await expectNone('foreign keys hold', sql`pragma foreign_key_check`);
  await expectNone(
    'a feature has one state of its own in each environment',
    sql`select f.id as feature, e.id as environment, count(s.id) as states
        from features f
        join projects p on p.id = f.project_id and p.deleted_at is null
        join environments e on e.project_id = f.project_id and e.deleted_at is null
        left join feature_states s on s.feature_id = f.id and s.environment_id = e.id and s.scope = 'environment'
        where f.deleted_at is null
        group by f.id, e.id having count(s.id) <> 1`,
  );
  await expectNone(
    'priorities are dense and unique',
    sql`select environment_id, feature_id, count(*) as links, min(priority) as lowest, max(priority) as highest
        from feature_segments
        group by environment_id, feature_id
        having min(priority) <> 0 or max(priority) <> count(*) - 1 or count(distinct priority) <> count(*)`,
  );
  await expectNone(
    'versions have no gap',
    sql`select e.id, e.version, count(*) as recorded, min(v.version) as lowest, max(v.version) as highest
        from environment_versions v join environments e on e.id = v.environment_id
        group by e.id, e.version
        having max(v.version) <> e.version or max(v.version) - min(v.version) + 1 <> count(*)`,
  );
  await expectNone(
    'variants weigh no more than 100 together',
    sql`select feature_state_id, sum(percentage_allocation) as total from feature_state_variants
        group by feature_state_id having sum(percentage_allocation) > 100.000001`,
  );
  await expectNone(
    'variants belong to the feature of their state',
    sql`select v.id from feature_state_variants v
        join feature_states s on s.id = v.feature_state_id
        join multivariate_options o on o.id = v.multivariate_option_id
        where o.feature_id <> s.feature_id`,
  );
  await expectNone(
    'overrides stay within their project',
    sql`select fs.id from feature_segments fs
        join environments e on e.id = fs.environment_id
        join features f on f.id = fs.feature_id
        join segments s on s.id = fs.segment_id
        where f.project_id <> e.project_id or s.project_id <> e.project_id`,
  );
  for (const { id, rules } of await db.selectFrom('segments').select(['id', 'rules']).execute()) {
    try {
      if (!Array.isArray(JSON.parse(rules))) broken.push(`the rules of segment ${id} are no list`);
    } catch {
      broken.push(`the rules of segment ${id} are no JSON`);
    }
  }
  return broken;
}

/** Environments of a project whose document cannot be made, or not be evaluated. */
export async function brokenDocuments(context: TestContext, projectId: number): Promise<string[]> {
  const environments = await context.db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('id')
    .execute();
  const broken: string[] = [];
  for (const { id } of environments) {
    try {
      const document = await documentOf(context.app.systemContext(), id);
      compileDocument(document).decide({ identifier: 'somebody', traits: new Map([['plan', 'pro']]) });
    } catch (error) {
      broken.push(`the document of environment ${id}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return broken;
}
