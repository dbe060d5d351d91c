import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const types = { organisation: 1, project: 2, environment: 3, feature: 4, segment: 5 };
const someRules = [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }];

async function send(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object, as = acme.admin) {
  return context.request({ method, path: `/api/v1/${path}`, as, ...(body && { body }) });
}

let names = 0;
const nextName = () => `name_${++names}`;

async function createField(body: object = {}, tenant = acme, as = tenant.admin) {
  return send('POST', 'metadata/fields/', { name: nextName(), organisation: tenant.organisationId, ...body }, as);
}

const modelFieldsOf = (tenant: Tenant) => `organisations/${tenant.organisationId}/metadata-model-fields/`;

/** A field that objects of a kind can have. Answers the id that values name. */
async function createModelField(field: object, contentType: number, requiredFor: object[] = [], tenant = acme) {
  const { body } = await createField(field, tenant);
  const modelField = await send(
    'POST',
    modelFieldsOf(tenant),
    { field: body.id, content_type: contentType, is_required_for: requiredFor },
    tenant.admin,
  );
  if (modelField.status !== 201) throw new Error(JSON.stringify(modelField.body));
  return { id: modelField.body.id as number, field: body.id as number, name: body.name as string };
}

describe('a custom field', () => {
  test('is text unless it says otherwise', async () => {
    const created = await createField({ name: 'Ticket' });

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      name: 'Ticket',
      type: 'str',
      description: null,
      organisation: acme.organisationId,
      project: null,
      model_fields: [],
    });
  });

  test('has a name of its own in its organisation, and again in each project', async () => {
    const name = nextName();
    await createField({ name });

    const again = await createField({ name });
    const inProject = await createField({ name, project: acme.projectId });
    const inProjectAgain = await createField({ name, project: acme.projectId });
    const elsewhere = await createField({ name }, rival);

    expect(again.body).toEqual({ non_field_errors: ['The fields name, organisation must make a unique set.'] });
    expect(inProjectAgain.body).toEqual({ non_field_errors: ['The fields name, project must make a unique set.'] });
    expect([inProject.status, elsewhere.status]).toEqual([201, 201]);
  });

  test.each([
    [{ type: 'date' }, { type: ['"date" is not a valid choice.'] }],
    [{ name: 'x'.repeat(256) }, { name: ['Ensure this field has no more than 255 characters.'] }],
    [{ name: '' }, { name: ['This field may not be blank.'] }],
  ])('names what is wrong: %j', async (body, errors) => {
    const refused = await createField(body);

    expect([refused.status, refused.body]).toEqual([400, errors]);
  });

  test('cannot be in a project of another organisation', async () => {
    const refused = await createField({ project: rival.projectId });

    expect(refused.status).toBe(404);
  });

  test('is changed where it is given, and only by administrators', async () => {
    const { body: field } = await createField({ description: 'a' });

    const changed = await send('PATCH', `metadata/fields/${field.id}/`, { name: 'Renamed', project: acme.projectId });
    const byMember = await send('PATCH', `metadata/fields/${field.id}/`, { name: 'x' }, acme.member);

    expect(changed.body).toEqual({ ...field, name: 'Renamed' });
    expect(byMember.status).toBe(403);
  });

  test('goes with its values', async () => {
    const modelField = await createModelField({}, types.feature);
    const metadata = [{ model_field: modelField.id, field_value: 'x' }];
    const features = `projects/${acme.projectId}/features/`;
    const { body: feature } = await send('POST', features, { name: nextName(), metadata });

    const deleted = await send('DELETE', `metadata/fields/${modelField.field}/`);

    expect(deleted.status).toBe(204);
    expect((await send('GET', `metadata/fields/${modelField.field}/`)).status).toBe(404);
    expect((await send('GET', `${features}${feature.id}/`)).body.metadata).toEqual([]);
  });

  test('is not shown to another organisation', async () => {
    const { body: field } = await createField();

    const answers = await Promise.all([
      send('GET', `metadata/fields/${field.id}/`, undefined, rival.admin),
      send('GET', `projects/${rival.projectId}/metadata/fields/${field.id}/`, undefined, rival.admin),
      send('GET', `metadata/fields/?organisation=${acme.organisationId}`, undefined, rival.admin),
    ]);

    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404]);
  });
});

describe('listing custom fields', () => {
  let tenant: Tenant;
  const namesIn = (answer: { body: { results: { name: string }[] } }) => answer.body.results.map(({ name }) => name);
  beforeAll(async () => {
    tenant = await seedTenant(context.db);
    await createModelField({ name: 'shared' }, types.feature, [], tenant);
    await createModelField({ name: 'hidden' }, types.segment, [], tenant);
    await createModelField({ name: 'own', project: tenant.projectId }, types.segment, [], tenant);
    await createModelField({ name: 'hidden', project: tenant.projectId }, types.feature, [], tenant);
  });
  const list = (path: string) => send('GET', path, undefined, tenant.admin);

  test('of an organisation leaves out those of its projects', async () => {
    const all = await list(`metadata/fields/?organisation=${tenant.organisationId}`);
    const ofSegments = await list(`metadata/fields/?organisation=${tenant.organisationId}&entity=segment`);

    expect(namesIn(all)).toEqual(['shared', 'hidden']);
    expect(all.body.results[0].model_fields).toEqual([
      { id: expect.any(Number), content_type: types.feature, is_required_for: [] },
    ]);
    expect(namesIn(ofSegments)).toEqual(['hidden']);
  });

  test('of a project shows its own, and those of the organisation whose names it does not have', async () => {
    const own = await list(`projects/${tenant.projectId}/metadata/fields/`);
    const all = await list(`projects/${tenant.projectId}/metadata/fields/?include_organisation=true`);
    const ofFeatures = await list(
      `projects/${tenant.projectId}/metadata/fields/?include_organisation=true&entity=feature`,
    );

    expect(namesIn(own)).toEqual(['own', 'hidden']);
    expect(
      all.body.results.map((field: { name: string; project: number | null }) => [field.name, field.project]),
    ).toEqual([
      ['shared', null],
      ['own', tenant.projectId],
      ['hidden', tenant.projectId],
    ]);
    expect(namesIn(ofFeatures)).toEqual(['shared', 'hidden']);
  });

  test('needs an organisation', async () => {
    const refused = await list('metadata/fields/');

    expect([refused.status, refused.body]).toEqual([400, { organisation: ['This field is required.'] }]);
  });

  test('works for a master key', async () => {
    const answer = await send(
      'GET',
      `metadata/fields/?organisation=${tenant.organisationId}`,
      undefined,
      tenant.masterKey,
    );

    expect(answer.status).toBe(200);
  });
});

describe('what a custom field is for', () => {
  test('is told with where it must be filled', async () => {
    const tenant = await seedTenant(context.db);
    const { body: field } = await createField({}, tenant);
    const requirements = [
      { content_type: types.organisation, object_id: tenant.organisationId },
      { content_type: types.project, object_id: tenant.projectId },
    ];

    const created = await send(
      'POST',
      modelFieldsOf(tenant),
      {
        field: field.id,
        content_type: types.feature,
        is_required_for: requirements,
      },
      tenant.admin,
    );
    const listed = await send('GET', `${modelFieldsOf(tenant)}?content_type=${types.feature}`, undefined, tenant.admin);

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      field: field.id,
      content_type: types.feature,
      is_required_for: requirements,
    });
    expect(listed.body.results).toContainEqual(created.body);
  });

  test('is said once for each kind of object', async () => {
    const { field } = await createModelField({}, types.feature);

    const again = await send('POST', modelFieldsOf(acme), { field, content_type: types.feature });

    expect(again.body).toEqual({ non_field_errors: ['The fields field, content_type must make a unique set.'] });
  });

  test('is a feature, a segment or an environment, and a field of the organisation', async () => {
    const { body: own } = await createField();
    const { body: foreign } = await createField({}, rival);

    const wrongType = await send('POST', modelFieldsOf(acme), { field: own.id, content_type: types.project });
    const wrongField = await send('POST', modelFieldsOf(acme), { field: foreign.id, content_type: types.feature });

    expect(wrongType.body).toEqual({ content_type: ['Invalid pk "2" - object does not exist.'] });
    expect(wrongField.body).toEqual({ field: [`Invalid pk "${foreign.id}" - object does not exist.`] });
  });

  test("cannot be required in a place that is not the organisation's", async () => {
    const { body: field } = await createField();
    const attempt = (content_type: number, object_id: number) =>
      send('POST', modelFieldsOf(acme), {
        field: field.id,
        content_type: types.feature,
        is_required_for: [{ content_type, object_id }],
      });

    const answers = [
      await attempt(types.organisation, rival.organisationId),
      await attempt(types.project, rival.projectId),
      await attempt(types.feature, 1),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([400, 400, 400]);
  });

  test('changes where it must be filled as a whole', async () => {
    const requirement = { content_type: types.project, object_id: acme.projectId };
    const { id } = await createModelField({}, types.environment, []);

    const path = `${modelFieldsOf(acme)}${id}/`;
    const required = await send('PATCH', path, { is_required_for: [requirement] });
    const left = await send('PATCH', path, {});
    const emptied = await send('PUT', path, { is_required_for: [] });

    expect([required, left, emptied].map((answer) => answer.body.is_required_for)).toEqual([
      [requirement],
      [requirement],
      [],
    ]);
  });

  test('is taken back with its values', async () => {
    const { id } = await createModelField({}, types.segment);

    const deleted = await send('DELETE', `${modelFieldsOf(acme)}${id}/`);

    expect(deleted.status).toBe(204);
    expect((await send('GET', `${modelFieldsOf(acme)}${id}/`)).status).toBe(404);
  });

  test('can be asked for, with numbers that are the same everywhere', async () => {
    const supported = await send('GET', `${modelFieldsOf(acme)}supported-content-types/`);
    const requirements = await send('GET', `${modelFieldsOf(acme)}supported-required-for-models/?model_name=feature`);
    const unknown = await send('GET', `${modelFieldsOf(acme)}supported-required-for-models/?model_name=user`);

    expect(supported.body).toEqual([
      { id: 3, app_label: 'environments', model: 'environment' },
      { id: 4, app_label: 'features', model: 'feature' },
      { id: 5, app_label: 'segments', model: 'segment' },
    ]);
    expect(requirements.body.map(({ model }: { model: string }) => model)).toEqual(['organisation', 'project']);
    expect([unknown.status, Object.keys(unknown.body)]).toEqual([404, ['message']]);
  });
});

/** One way to make, change and read each kind of object. */
const kinds = [
  {
    kind: 'feature',
    create: (metadata?: object[]) =>
      send('POST', `projects/${acme.projectId}/features/`, { name: nextName(), metadata }),
    path: (object: { id: number }) => `projects/${acme.projectId}/features/${object.id}/`,
  },
  {
    kind: 'segment',
    create: (metadata?: object[]) =>
      send('POST', `projects/${acme.projectId}/segments/`, { name: nextName(), rules: someRules, metadata }),
    path: (object: { id: number }) => `projects/${acme.projectId}/segments/${object.id}/`,
  },
  {
    kind: 'environment',
    create: (metadata?: object[]) =>
      send('POST', 'environments/', { name: nextName(), project: acme.projectId, metadata }),
    path: (object: { api_key: string }) => `environments/${object.api_key}/`,
  },
] as const;

describe.each(kinds)('the custom fields of a $kind', ({ kind, create, path }) => {
  const value = (modelField: { id: number }, field_value: unknown) => ({ model_field: modelField.id, field_value });
  const plain = (metadata: { id: number }[]) => metadata.map(({ id: _, ...rest }) => rest);

  test('are kept, read again and listed', async () => {
    const field = await createModelField({}, types[kind]);

    const created = await create([value(field, 'JIRA-1')]);
    const read = await send('GET', path(created.body));

    expect(created.status).toBe(201);
    expect(created.body.metadata).toEqual([{ id: expect.any(Number), model_field: field.id, field_value: 'JIRA-1' }]);
    expect(read.body.metadata).toEqual(created.body.metadata);
  });

  test('are replaced as a whole, and stay where a PATCH does not name them', async () => {
    const [a, b] = [await createModelField({}, types[kind]), await createModelField({}, types[kind])];
    const { body: object } = await create([value(a, 'x')]);

    const replaced = await send('PATCH', path(object), { metadata: [value(b, 'y')] });
    const left = await send('PATCH', path(object), { description: 'z' });
    const emptied = await send('PATCH', path(object), { metadata: [] });

    expect(plain(replaced.body.metadata)).toEqual([value(b, 'y')]);
    expect(plain(left.body.metadata)).toEqual([value(b, 'y')]);
    expect(emptied.body.metadata).toEqual([]);
  });

  test('that are there already are no change', async () => {
    const field = await createModelField({}, types[kind]);
    const { body: object } = await create([value(field, 'x')]);

    await send('PATCH', path(object), { metadata: [value(field, 'x')] });

    const changes = await context.db
      .selectFrom('changes')
      .where('object_type', '=', kind.toUpperCase())
      .where('object_id', '=', object.id)
      .where('change_type', '=', 'UPDATE')
      .selectAll()
      .execute();
    expect(changes).toEqual([]);
  });

  test('build no document again', async () => {
    const field = await createModelField({}, types[kind]);
    const { body: object } = await create();
    const versions = () => context.db.selectFrom('environments').select(['id', 'version']).orderBy('id').execute();
    const before = await versions();

    await send('PATCH', path(object), { metadata: [value(field, 'x')] });

    expect(await versions()).toEqual(before);
  });

  test.each([
    ['int', '12', '1.5'],
    ['bool', 'TRUE', 'yes'],
    ['bool', false, 'no'],
    ['url', 'https://example.com/a?b=c', 'example.com'],
    ['str', 'anything', ''],
    ['multiline_str', 'two\nlines', ''],
  ])('are of their type: %s takes %j, not %j', async (type, good, bad) => {
    const field = await createModelField({ type }, types[kind]);

    const taken = await create([value(field, good)]);
    const refused = await create([value(field, bad)]);

    expect(taken.status).toBe(201);
    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      metadata: [
        bad === ''
          ? { field_value: ['This field may not be blank.'] }
          : { non_field_errors: [`Invalid value for field ${field.name}`] },
      ],
    });
  });

  test('are for such objects, of the same organisation, once each', async () => {
    const field = await createModelField({}, types[kind]);
    const other = await createModelField({}, kind === 'feature' ? types.segment : types.feature);
    const foreign = await createModelField({}, types[kind], [], rival);

    const refused = await create([value(field, 'x'), value(other, 'x'), value(foreign, 'x'), value(field, 'y')]);

    expect(refused.body).toEqual({
      metadata: [
        {},
        { model_field: [`Invalid pk "${other.id}" - object does not exist.`] },
        { model_field: [`Invalid pk "${foreign.id}" - object does not exist.`] },
        { model_field: [`The field ${field.name} is there twice.`] },
      ],
    });
  });

  test('must be there where they are required', async () => {
    const requirement = { content_type: types.project, object_id: acme.projectId };
    const field = await createModelField({}, types[kind], [requirement]);
    const { body: object } = await create([value(field, 'x')]);

    const missing = await create();
    const emptied = await send('PATCH', path(object), { metadata: [] });
    const untouched = await send('PATCH', path(object), { description: 'still possible' });
    await send('DELETE', `metadata/fields/${field.field}/`);

    const message = { metadata: [`Missing required metadata field: ${field.name}`] };
    expect([missing.status, missing.body]).toEqual([400, message]);
    expect([emptied.status, emptied.body]).toEqual([400, message]);
    expect(untouched.status).toBe(200);
  });
});

test('a field of the project takes the place of a required one of the organisation with its name', async () => {
  const tenant = await seedTenant(context.db);
  const requirement = { content_type: types.organisation, object_id: tenant.organisationId };
  await createModelField({ name: 'Team' }, types.feature, [requirement], tenant);
  const features = `projects/${tenant.projectId}/features/`;

  const before = await send('POST', features, { name: 'a' }, tenant.admin);
  await createModelField({ name: 'Team', project: tenant.projectId }, types.feature, [], tenant);
  const after = await send('POST', features, { name: 'a' }, tenant.admin);

  expect([before.status, after.status]).toEqual([400, 201]);
});

test('a copy of a segment has its custom fields', async () => {
  const field = await createModelField({}, types.segment);
  const metadata = [{ model_field: field.id, field_value: 'x' }];
  const segments = `projects/${acme.projectId}/segments/`;
  const { body: segment } = await send('POST', segments, { name: nextName(), rules: someRules, metadata });

  const { body: copy } = await send('POST', `${segments}${segment.id}/clone/`, { name: nextName() });

  expect(copy.metadata).toEqual([{ id: expect.any(Number), ...metadata[0] }]);
});
