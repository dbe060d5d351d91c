import type { PublishedEnvironment } from '@halyard/contract';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { insertRow } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { sha256 } from '../secrets.ts';
import { emptyDatabase, testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { now } from '../time.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { removePublished, savePublished } from './store.ts';

/** Publishers that publish when a test says so, on a database where nobody else publishes. */
describe('the publisher', () => {
  let db: Database;
  let drop: () => Promise<void>;
  let acme: Tenant;
  let publishers: Publisher[];

  beforeEach(async () => {
    ({ db, drop } = await emptyDatabase());
    acme = await seedTenant(db);
    publishers = [];
  });

  afterEach(async () => {
    for (const publisher of publishers) await publisher.stop();
    await drop();
  });

  /** A process that runs until the test is over; how one dies needs no acting, as it just does nothing more. */
  function startPublisher(intervalMs = 1_000_000) {
    const publisher = createPublisher({ db, log: pino({ level: 'silent' }), intervalMs });
    const told: string[] = [];
    publisher.subscribe({
      published: ({ environmentId, version }) => void told.push(`${nameOf(environmentId)} ${version}`),
      removed: (environmentId) => void told.push(`${nameOf(environmentId)} removed`),
    });
    publishers.push(publisher);
    return { publisher, told };
  }

  const nameOf = (environmentId: number) => (environmentId === acme.production.id ? 'production' : 'development');

  const changeTo = (name: string) =>
    db
      .updateTable('environments')
      .set((eb) => ({ name, version: eb('version', '+', 1) }))
      .where('id', '=', acme.production.id)
      .execute();

  const storedOf = async (environmentId = acme.production.id): Promise<PublishedEnvironment | null> => {
    const row = await db
      .selectFrom('environment_documents')
      .where('environment_id', '=', environmentId)
      .select('body')
      .executeTakeFirst();
    return row === undefined ? null : JSON.parse(row.body);
  };

  test('publishes only the newest of many versions, and tells it once', async () => {
    const { publisher, told } = startPublisher();
    await changeTo('Second');
    await changeTo('Third');

    await publisher.publishPending();
    await publisher.publishPending();

    expect(await storedOf()).toMatchObject({ version: 3, document: { name: 'Third' } });
    expect(told.sort()).toEqual(['development 1', 'production 3']);
  });

  test('leaves an environment alone that is published already', async () => {
    const { publisher, told } = startPublisher();
    await publisher.publishPending();
    told.length = 0;

    await changeTo('Second');
    await publisher.publishPending();

    expect(told).toEqual(['production 2']);
  });

  test('tells each version from one process only, however many publish at once', async () => {
    const first = startPublisher();
    const second = startPublisher();

    await Promise.all([first.publisher.publishPending(), second.publisher.publishPending()]);

    expect([...first.told, ...second.told].sort()).toEqual(['development 1', 'production 1']);
  });

  test('never puts a lower version, or the same again, in the place of a higher', async () => {
    const { publisher } = startPublisher();
    const slow = { version: 1, name: 'Slow' };
    await changeTo('Second');
    await publisher.publishPending();
    const published = (await storedOf()) as PublishedEnvironment;

    const saved = [];
    for (const version of [slow.version, published.version]) {
      const late = { ...published, version, document: { ...published.document, name: slow.name } };
      saved.push(await db.transaction().execute((db) => savePublished(db, late)));
    }

    expect(saved).toEqual([false, false]);
    expect(await storedOf()).toEqual(published);
  });

  test('never withdraws a document at a version that is published', async () => {
    const { publisher } = startPublisher();
    await publisher.publishPending();

    const removed = await db.transaction().execute((db) => removePublished(db, acme.production.id, 1));

    expect(removed).toBe(false);
    expect(await storedOf()).not.toBeNull();
  });

  test('a crash before a document is saved is healed by the next process that starts', async () => {
    await changeTo('Committed by a process that died');

    const { publisher, told } = startPublisher();
    publisher.wake();

    await expect.poll(() => told.length).toBe(2);
    expect(await storedOf()).toMatchObject({ document: { name: 'Committed by a process that died' } });
  });

  test('a crash between saving and handing over is healed: the next process finds the document', async () => {
    const { publisher: saves } = startPublisher();
    await changeTo('Saved by a process that died');
    await saves.publishPending();

    const { publisher, told } = startPublisher();
    await publisher.publishPending();
    const found = await publisher.find({ key: acme.production.apiKey });

    expect(told).toEqual([]);
    expect(found).toMatchObject({ version: 2, document: { name: 'Saved by a process that died' } });
  });

  test('a listener that fails does not keep the others from a publication', async () => {
    const { publisher, told } = startPublisher();
    publisher.subscribe({
      published: () => {
        throw new Error('This one cannot use it.');
      },
      removed: () => undefined,
    });
    const second: number[] = [];
    publisher.subscribe({ published: ({ version }) => void second.push(version), removed: () => undefined });

    await publisher.publishPending();

    expect(told).toHaveLength(2);
    expect(second).toHaveLength(2);
  });

  // An SQLite file has one process, which is told at once.
  test.skipIf(!process.env.TEST_DATABASE_URL)(
    'a process follows what another one publishes and withdraws',
    async () => {
      const { publisher: other } = startPublisher();
      await other.publishPending();
      const { publisher, told } = startPublisher(20);
      await publisher.find({ key: acme.production.apiKey });

      await changeTo('Changed elsewhere');
      await other.publishPending();
      await expect.poll(() => told).toContain('production 2');
      await db
        .updateTable('environments')
        .set((eb) => ({ deleted_at: now(), version: eb('version', '+', 1) }))
        .where('id', '=', acme.production.id)
        .execute();
      await other.publishPending();

      await expect.poll(() => told).toContain('production removed');
    },
  );

  test('an environment that cannot be built does not keep the others waiting, and is published once it can', async () => {
    const rival = await seedTenant(db);
    const { publisher } = startPublisher();
    const segmentId = await insertSegment(db, acme.projectId, { name: 'broken', rules: 'not JSON' });

    await expect(publisher.publishPending()).rejects.toThrow('could not be published');
    const waiting = [await storedOf(acme.production.id), await storedOf(rival.production.id)];
    await db.updateTable('segments').set({ rules: '[]' }).where('id', '=', segmentId).execute();
    await publisher.publishPending();

    expect(waiting).toEqual([null, expect.objectContaining({ version: 1 })]);
    expect(await storedOf(acme.production.id)).toMatchObject({ version: 1 });
  });

  describe.each(['environments', 'projects', 'organisations'] as const)('after one of the %s is deleted', (table) => {
    async function deleteIt() {
      const id = { environments: acme.production.id, projects: acme.projectId, organisations: acme.organisationId };
      await db.updateTable(table).set({ deleted_at: now() }).where('id', '=', id[table]).execute();
      await changeTo('Gone');
    }

    test('withdraws the document and tells so', async () => {
      const { publisher, told } = startPublisher();
      await publisher.publishPending();
      told.length = 0;

      await deleteIt();
      await publisher.publishPending();

      expect(told).toEqual(['production removed']);
      expect(await storedOf()).toBeNull();
      expect(await publisher.find({ key: acme.production.apiKey })).toBeNull();
    });

    test('publishes nothing where nothing was published', async () => {
      const { publisher } = startPublisher();

      await deleteIt();
      await publisher.publishPending();

      expect(await storedOf()).toBeNull();
    });
  });

  test('finds a document by its client-side key and by each server-side key', async () => {
    const { publisher } = startPublisher();
    await insertRow(db, 'environment_keys', {
      environment_id: acme.development.id,
      name: 'server',
      key_hash: sha256('ser.of development'),
      key_encrypted: '',
      active: 1,
      created_at: now(),
      expires_at: null,
    });
    await publisher.publishPending();

    const byClientKey = await publisher.find({ key: acme.production.apiKey });
    const byServerKey = await publisher.find({ key: 'ser.of development' });

    expect(byClientKey?.environmentId).toBe(acme.production.id);
    expect(byServerKey?.environmentId).toBe(acme.development.id);
  });

  test.each(['', 'nobody', 'ser.nobody', 'ser.'])('finds nothing for the key %j', async (key) => {
    const { publisher } = startPublisher();
    await publisher.publishPending();

    expect(await publisher.find({ key })).toBeNull();
  });

  test('tells nobody who unsubscribed', async () => {
    const { publisher } = startPublisher();
    const told: number[] = [];
    const unsubscribe = publisher.subscribe({
      published: ({ version }) => void told.push(version),
      removed: () => {},
    });

    unsubscribe();
    await publisher.publishPending();

    expect(told).toEqual([]);
  });
});

describe('a published document', () => {
  const context = testContext();
  let acme: Tenant;
  /** Rows that the document of production is made of. */
  const ids = {} as Record<'feature' | 'state' | 'general' | 'specific' | 'elsewhere' | 'ada', number>;
  let optionIds: number[];
  let published: PublishedEnvironment;
  let sibling: PublishedEnvironment;

  beforeAll(async () => {
    acme = await seedTenant(context.db);
    const feature = await createFeature({
      name: 'colour',
      initial_value: 'grey',
      default_enabled: true,
      description: 'Of the button',
      is_server_key_only: true,
      multivariate_options: [
        { type: 'unicode', string_value: 'red', key: 'red', default_percentage_allocation: 10 },
        { type: 'int', integer_value: 7, default_percentage_allocation: 20 },
        { type: 'bool', boolean_value: true, default_percentage_allocation: 30 },
      ],
    });
    ids.feature = feature.id;
    optionIds = feature.multivariate_options.map((option: { id: number }) => option.id);
    await createFeature({ name: 'plain' });

    const nested = { type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property: 'country', value: 'DE' }] };
    const rules = JSON.stringify([{ type: 'ALL', rules: [nested], conditions: [] }]);
    ids.general = await insertSegment(context.db, acme.projectId, { name: 'general', rules });
    ids.specific = await insertSegment(context.db, acme.projectId, { name: 'specific', featureId: feature.id });
    ids.elsewhere = await insertSegment(context.db, acme.projectId, { name: 'elsewhere', featureId: feature.id });
    await insertSegment(context.db, acme.projectId, { name: 'deleted', deletedAt: now() });
    await insertSegmentOverride(ids.specific, acme.production.id, 3);
    await insertSegmentOverride(ids.elsewhere, acme.development.id, 0);

    ids.ada = await insertRow(context.db, 'identities', {
      environment_id: acme.production.id,
      identifier: 'ada@example.com',
      identifier_hash: sha256('ada@example.com'),
      created_date: '2026-01-02T03:04:05.678901Z',
    });
    const states = `/api/v1/environments/${acme.production.apiKey}/featurestates/`;
    await context.request({
      method: 'POST',
      path: states,
      as: acme.admin,
      body: {
        feature: feature.id,
        identifier: 'ada@example.com',
        enabled: false,
        feature_state_value: 'not served',
        multivariate_feature_state_values: [{ multivariate_feature_option: optionIds[1], percentage_allocation: 100 }],
      },
    });
    // Weights whose order of making is not the order of the options.
    const own = await context.request({ path: `${states}?feature=${feature.id}`, as: acme.admin });
    ids.state = own.body.results[0].id;
    await context.db.deleteFrom('feature_state_variants').where('feature_state_id', '=', ids.state).execute();
    for (const optionId of optionIds.toReversed()) {
      await insertRow(context.db, 'feature_state_variants', {
        uuid: crypto.randomUUID(),
        feature_state_id: ids.state,
        multivariate_option_id: optionId,
        percentage_allocation: 5,
      });
    }
    await context.request({
      method: 'PATCH',
      path: `/api/v1/projects/${acme.projectId}/`,
      as: acme.admin,
      body: { hide_disabled_flags: true },
    });
    await context.app.publisher.publishPending();
    published = await publicationOf(acme.production.apiKey);
    sibling = await publicationOf(acme.development.apiKey);
  });

  async function createFeature(body: object) {
    const path = `/api/v1/projects/${acme.projectId}/features/`;
    return (await context.request({ method: 'POST', path, as: acme.admin, body })).body;
  }

  async function publicationOf(key: string) {
    return (await context.app.publisher.find({ key })) as PublishedEnvironment;
  }

  async function insertSegmentOverride(segmentId: number, environmentId: number, priority: number) {
    const featureSegmentId = await insertRow(context.db, 'feature_segments', {
      uuid: crypto.randomUUID(),
      feature_id: ids.feature,
      segment_id: segmentId,
      environment_id: environmentId,
      priority,
    });
    await insertRow(context.db, 'feature_states', {
      uuid: crypto.randomUUID(),
      environment_id: environmentId,
      feature_id: ids.feature,
      scope: `segment:${featureSegmentId}`,
      identity_id: null,
      feature_segment_id: featureSegmentId,
      enabled: 1,
      value_type: 'bool',
      string_value: null,
      integer_value: null,
      boolean_value: 0,
      lineage_id: 77,
      live_from: now(),
      created_at: now(),
      updated_at: now(),
    });
  }

  const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

  test('says everything of the environment, its project and its organisation', () => {
    const { feature_states, identity_overrides, ...environment } = published.document;
    const { segments, ...project } = environment.project;

    expect({ ...environment, project }).toEqual({
      id: acme.production.id,
      api_key: acme.production.apiKey,
      name: 'Production',
      updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
      allow_client_traits: true,
      hide_sensitive_data: false,
      hide_disabled_flags: null,
      use_identity_composite_key_for_hashing: true,
      use_identity_overrides_in_local_eval: true,
      project: {
        id: acme.projectId,
        name: 'Shop',
        hide_disabled_flags: true,
        enable_realtime_updates: true,
        server_key_only_feature_ids: [ids.feature],
        organisation: {
          id: acme.organisationId,
          name: 'Acme',
          feature_analytics: false,
          stop_serving_flags: false,
          persist_trait_data: true,
        },
      },
    });
  });

  test('has the own state of each feature in the order of the states', () => {
    expect(published.document.feature_states).toEqual([
      {
        feature: { id: ids.feature, name: 'colour', type: 'MULTIVARIATE' },
        enabled: true,
        feature_state_value: 'grey',
        django_id: ids.state,
        featurestate_uuid: uuid,
        feature_segment: null,
        multivariate_feature_state_values: expect.any(Array),
      },
      {
        feature: { id: expect.any(Number), name: 'plain', type: 'STANDARD' },
        enabled: false,
        feature_state_value: null,
        django_id: expect.any(Number),
        featurestate_uuid: uuid,
        feature_segment: null,
        multivariate_feature_state_values: [],
      },
    ]);
  });

  test('sorts variants by the order of their weights, not of their options, and keeps the type of each value', () => {
    const variants = published.document.feature_states[0]?.multivariate_feature_state_values ?? [];

    const sorted = variants.map((variant) => variant.id as number).sort((a, b) => a - b);
    expect(variants.map((variant) => variant.id)).toEqual(sorted);
    expect(variants.map((variant) => variant.multivariate_feature_option)).toEqual([
      { id: optionIds[2], value: true, key: null },
      { id: optionIds[1], value: 7, key: null },
      { id: optionIds[0], value: 'red', key: 'red' },
    ]);
    expect(variants[0]).toMatchObject({ mv_fs_value_uuid: uuid, percentage_allocation: 5 });
  });

  test('writes segments with every array, and conditions in the words of the wire', () => {
    expect(published.document.project.segments[0]).toEqual({
      id: ids.general,
      name: 'general',
      rules: [
        {
          type: 'ALL',
          conditions: [],
          rules: [{ type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property_: 'country', value: 'DE' }] }],
        },
      ],
      feature_states: [],
    });
  });

  test('has a segment that is made for one feature only where it overrides it, and no deleted ones', () => {
    const names = (environment: PublishedEnvironment) =>
      environment.document.project.segments.map((segment) => segment.name);

    expect(names(published)).toEqual(['general', 'specific']);
    expect(names(sibling)).toEqual(['general', 'elsewhere']);
  });

  test('has the override of a segment with its priority and its seed', () => {
    const segment = published.document.project.segments.find(({ id }) => id === ids.specific);

    expect(segment?.feature_states).toEqual([
      {
        feature: { id: ids.feature, name: 'colour', type: 'MULTIVARIATE' },
        enabled: true,
        feature_state_value: false,
        django_id: 77,
        featurestate_uuid: uuid,
        feature_segment: { priority: 3 },
        multivariate_feature_state_values: [],
      },
    ]);
  });

  test('has identity overrides with the value of a pinned variant', () => {
    expect(published.document.identity_overrides).toEqual([
      {
        identifier: 'ada@example.com',
        identity_uuid: uuid,
        django_id: ids.ada,
        environment_api_key: acme.production.apiKey,
        composite_key: `${acme.production.apiKey}_ada@example.com`,
        created_date: '2026-01-02T03:04:05.678901+00:00',
        dashboard_alias: null,
        identity_traits: [],
        identity_features: [
          {
            feature: { id: ids.feature, name: 'colour', type: 'MULTIVARIATE' },
            enabled: false,
            feature_state_value: 7,
            django_id: null,
            featurestate_uuid: uuid,
            feature_segment: null,
            multivariate_feature_state_values: [
              {
                id: expect.any(Number),
                mv_fs_value_uuid: uuid,
                percentage_allocation: 100,
                multivariate_feature_option: { id: optionIds[1], value: 7, key: null },
              },
            ],
          },
        ],
      },
    ]);
    expect(sibling.document.identity_overrides).toEqual([]);
  });

  test('comes with what only the SDK-facing API needs', () => {
    const { document, stateIds, features } = published;

    expect(features[ids.feature]).toEqual({
      createdDate: expect.stringMatching(/Z$/),
      description: 'Of the button',
      initialValue: 'grey',
      defaultEnabled: true,
    });
    expect(stateIds[document.feature_states[0]?.featurestate_uuid ?? '']).toEqual({
      id: ids.state,
      featureSegmentId: null,
    });
    expect(Object.keys(stateIds)).toHaveLength(4);
  });

  test('of an environment with nothing in it has empty arrays, never null', async () => {
    const empty = await seedTenant(context.db);
    await context.app.publisher.publishPending();

    const { document, ...rest } = await publicationOf(empty.production.apiKey);

    expect(document.feature_states).toEqual([]);
    expect(document.identity_overrides).toEqual([]);
    expect(document.project.segments).toEqual([]);
    expect(document.project.server_key_only_feature_ids).toEqual([]);
    expect(rest).toEqual({
      environmentId: empty.production.id,
      version: 1,
      serverKeys: [],
      features: {},
      stateIds: {},
    });
  });
});

async function insertSegment(
  db: Database,
  projectId: number,
  segment: { name: string; rules?: string; featureId?: number; deletedAt?: string },
): Promise<number> {
  return insertRow(db, 'segments', {
    uuid: crypto.randomUUID(),
    project_id: projectId,
    feature_id: segment.featureId ?? null,
    name: segment.name,
    description: null,
    rules: segment.rules ?? '[]',
    version: 1,
    created_at: now(),
    updated_at: now(),
    deleted_at: segment.deletedAt ?? null,
  });
}
