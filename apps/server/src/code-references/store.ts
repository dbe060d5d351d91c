import { type Insertable, type Selectable, sql } from 'kysely';
import { insertRows, upsertRows } from '../db/statements.ts';
import type { CodeReferenceTable, CodeRepositoryTable, Database } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export type Repository = Selectable<CodeRepositoryTable>;
export type Place = Omit<Insertable<CodeReferenceTable>, 'repository_id'>;

/** Writes down the newest scan of a repository and answers the repository's id; its row stays locked until the end. */
export async function putRepository(db: Database, repository: Omit<Repository, 'id'>): Promise<number> {
  await upsertRows(db, 'code_repositories', [repository], {
    key: ['project_id', 'url_key'],
    update: ['url', 'vcs_provider', 'revision', 'scanned_at'],
  });
  const { id } = await db
    .selectFrom('code_repositories')
    .where('project_id', '=', repository.project_id)
    .where('url_key', '=', repository.url_key)
    .select('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Puts what a scan found in the place of what the one before it did. */
export async function replacePlaces(
  db: Database,
  repositoryId: number,
  { places, at }: { places: Place[]; at: Timestamp },
): Promise<void> {
  await db.deleteFrom('code_references').where('repository_id', '=', repositoryId).execute();
  await insertRows(
    db,
    'code_references',
    places.map((place) => ({ ...place, repository_id: repositoryId })),
  );
  await db.updateTable('code_reference_counts').set({ count: 0 }).where('repository_id', '=', repositoryId).execute();
  const counts = [...Map.groupBy(places, (place) => place.name_key)].map(([name_key, { length }]) => ({
    repository_id: repositoryId,
    name_key,
    count: length,
    last_found_at: at,
  }));
  await upsertRows(db, 'code_reference_counts', counts, {
    key: ['repository_id', 'name_key'],
    update: ['count', 'last_found_at'],
  });
}

/** Every repository of a project with each of the names that was found in it, and once without a name where none was. */
export async function findCounts(db: Database, projectId: number, nameKeys: string[]) {
  if (nameKeys.length === 0) return [];
  return db
    .selectFrom('code_repositories')
    .leftJoin('code_reference_counts', (join) =>
      join
        .onRef('code_reference_counts.repository_id', '=', 'code_repositories.id')
        .on('code_reference_counts.name_key', 'in', nameKeys),
    )
    .where('code_repositories.project_id', '=', projectId)
    .selectAll('code_repositories')
    .select(['code_reference_counts.name_key', 'code_reference_counts.count', 'code_reference_counts.last_found_at'])
    .orderBy('code_repositories.id')
    .execute();
}

/** Places that name a feature: of each repository the first ones by file and line. */
export async function findPlaces(db: Database, filter: { projectId: number; nameKey: string; limit: number }) {
  const numbered = db
    .selectFrom('code_references')
    .innerJoin('code_repositories', 'code_repositories.id', 'code_references.repository_id')
    .where('code_repositories.project_id', '=', filter.projectId)
    .where('code_references.name_key', '=', filter.nameKey)
    .select(['code_references.repository_id', 'code_references.file_path', 'code_references.line_number'])
    .select(
      sql<number>`row_number() over (partition by code_references.repository_id order by code_references.file_path, code_references.line_number)`.as(
        'place',
      ),
    );
  return db
    .selectFrom(numbered.as('numbered'))
    .where('place', '<=', filter.limit)
    .selectAll()
    .orderBy('repository_id')
    .orderBy('place')
    .execute();
}
