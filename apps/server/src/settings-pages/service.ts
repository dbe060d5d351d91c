import type * as endpoints from '@halyard/contract';
import type {
  CustomField,
  InputOf,
  IntegrationPlace,
  IntegrationSettings,
  IntegrationSettingsPlace,
  MetadataField,
  Tag,
  WebhookPlace,
  WebhookSettings,
} from '@halyard/contract';
import { hasPermission, isAdmin } from '../access/rights.ts';
import { openEnvironment, openOrganisation, openProject, openProjectWithRights } from '../access/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { listEnvironmentKeys } from '../environment-keys/service.ts';
import { currentEnvironment } from '../environments/service.ts';
import { notFound } from '../errors.ts';
import { listFeatureExports } from '../feature-exports/service.ts';
import { listFeatureImports } from '../feature-imports/service.ts';
import { listGithubIntegrations, listGithubRepositories } from '../github/service.ts';
import { listGitlabIntegrations } from '../gitlab/service.ts';
import { connectedAt, hasSlackWorkspace, integrationCatalogue } from '../integrations/service.ts';
import { listLaunchDarklyImports } from '../launch-darkly-imports/service.ts';
import {
  createMetadataField,
  createMetadataModelField,
  deleteMetadataModelField,
  entityOf,
  fieldsOfOrganisation,
  getMetadataField,
  metadataFieldsFor,
  requirementsOf,
  typeIdOf,
  updateMetadataField,
  updateMetadataModelField,
} from '../metadata/service.ts';
import { listTags } from '../tags/service.ts';
import {
  countTagUses,
  findEnvironments,
  lastDeliveries,
  lastIntegrationDeliveries,
  type StoredEnvironment,
  webhooksOf,
} from './store.ts';

/** For who administers the environment: its keys are secret. */
export async function getEnvironmentSettings(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getEnvironmentSettings>,
) {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  const fields = await metadataFieldsFor(ctx, scope, 'environment');
  return {
    environment: await currentEnvironment(ctx, { params }),
    keys: await listEnvironmentKeys(ctx, { params }),
    custom_fields: fields.map(({ id, required, ...field }) => ({ ...field, model_field: id, is_required: required })),
  };
}

export async function getTagUses(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getTagUses>,
): Promise<(Tag & { features: number })[]> {
  const { results } = await listTags(ctx, { params, query: { page: 1, page_size: 999 } });
  const counts = await countTagUses(ctx.db, params.project_id);
  return results.map((tag) => ({ ...tag, features: counts.get(tag.id) ?? 0 }));
}

/** Of the project, and of its organisation: also those that count in other projects only. */
export async function getProjectCustomFields(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProjectCustomFields>,
): Promise<CustomField[]> {
  const { organisationId, projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const own = await fieldsOfOrganisation(ctx, { organisationId, projectId });
  const names = new Set(own.map(({ name }) => name));
  const inherited = await fieldsOfOrganisation(ctx, { organisationId, projectId: null });
  return [
    ...own.map((field) => shownField(field, false)),
    ...inherited.map((field) => shownField(field, names.has(field.name))),
  ];
}

export async function getOrganisationCustomFields(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisationCustomFields>,
): Promise<CustomField[]> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const fields = await fieldsOfOrganisation(ctx, { organisationId, projectId: null });
  return fields.map((field) => shownField(field, false));
}

/** The field and all that it is for, or nothing of it. @throws RequestError as the single steps do */
export async function saveCustomField(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.saveCustomField>,
): Promise<MetadataField> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return inTransaction(ctx, async (ctx) => {
    const { name, type, description } = body;
    const field =
      body.id === undefined
        ? await createMetadataField(ctx, {
            body: { name, type, description, organisation: organisationId, project: body.project },
          })
        : await changeField(ctx, organisationId, body.id, { name, type, description });
    const before = new Map(field.model_fields.map((one) => [one.content_type, one.id]));
    for (const { entity, ...where } of body.of) {
      const content_type = typeIdOf(entity);
      const is_required_for = requirementsOf(organisationId, where);
      const id = before.get(content_type);
      before.delete(content_type);
      if (id === undefined) {
        await createMetadataModelField(ctx, { params, body: { field: field.id, content_type, is_required_for } });
      } else {
        await updateMetadataModelField(ctx, { params: { ...params, model_field_id: id }, body: { is_required_for } });
      }
    }
    for (const id of before.values()) {
      await deleteMetadataModelField(ctx, { params: { ...params, model_field_id: id } });
    }
    return getMetadataField(ctx, { params: { field_id: field.id } });
  });
}

/** @throws RequestError 404 for a field of another organisation */
async function changeField(
  ctx: Context,
  organisationId: number,
  fieldId: number,
  body: InputOf<typeof endpoints.patchMetadataField>['body'],
): Promise<MetadataField> {
  const field = await getMetadataField(ctx, { params: { field_id: fieldId } });
  if (field.organisation !== organisationId) throw notFound();
  return updateMetadataField(ctx, { params: { field_id: fieldId }, body });
}

export async function getProjectWebhooks(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProjectWebhooks>,
): Promise<WebhookPlace[]> {
  const { organisationId, environments } = await administered(ctx, params.project_id);
  const environmentIds = environments.map(({ id }) => id);
  const found = Map.groupBy(
    await webhooksWithNews(ctx, { organisationId, environmentIds }),
    ({ environmentId }) => environmentId,
  );
  return environments.map((environment) => ({
    environment,
    webhooks: (found.get(environment.id) ?? []).map(({ webhook }) => webhook),
  }));
}

export async function getOrganisationWebhooks(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisationWebhooks>,
): Promise<WebhookPlace[]> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const found = await webhooksWithNews(ctx, { organisationId, environmentIds: null });
  return [{ environment: null, webhooks: found.map(({ webhook }) => webhook) }];
}

export async function getProjectIntegrations(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProjectIntegrations>,
): Promise<IntegrationSettings> {
  const { projectId, isProjectAdmin, environments } = await administered(ctx, params.project_id);
  const [gitlab = null] = isProjectAdmin ? await listGitlabIntegrations(ctx, { params }) : [];
  return {
    ...(await integrationsAt(ctx, projectId, [
      ...(isProjectAdmin ? [{ place: 'project' as const, id: projectId, environment: null }] : []),
      ...environments.map((environment) => ({ place: 'environment' as const, id: environment.id, environment })),
    ])),
    github: null,
    gitlab: isProjectAdmin ? { integration: gitlab } : null,
  };
}

export async function getOrganisationIntegrations(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisationIntegrations>,
): Promise<IntegrationSettings> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return {
    ...(await integrationsAt(ctx, null, [{ place: 'organisation', id: organisationId, environment: null }])),
    github: await githubSettings(ctx, organisationId),
    gitlab: null,
  };
}

async function githubSettings(ctx: Context, organisationId: number): Promise<IntegrationSettings['github']> {
  const params = { organisation_id: organisationId };
  const {
    results: [integration = null],
  } = await listGithubIntegrations(ctx, { params, query: { page: 1, page_size: 1 } });
  const repositories =
    integration &&
    (await listGithubRepositories(ctx, {
      params: { ...params, github_id: integration.id },
      query: { page: 1, page_size: 999 },
    }));
  return {
    is_available: ctx.config.githubApp !== null,
    integration,
    repositories: repositories?.results ?? [],
  };
}

export async function getTransfers(ctx: Context, { params }: InputOf<typeof endpoints.getTransfers>) {
  const query = { page: 1, page_size: 10 };
  const { results: exports } = await listFeatureExports(ctx, { params, query });
  const { results: imports } = await listFeatureImports(ctx, { params, query });
  const { rights } = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const mayImport = hasPermission(rights, 'CREATE_ENVIRONMENT');
  return { exports, imports, launch_darkly: mayImport ? await listLaunchDarklyImports(ctx, { params }) : null };
}

/** The environments of a project that the caller administers, and whether they administer all of it. */
async function administered(ctx: Context, projectId: number) {
  const scope = await openProjectWithRights(ctx, projectId, 'VIEW_PROJECT');
  const environments = await findEnvironments(ctx.db, projectId);
  return {
    organisationId: scope.organisationId,
    projectId,
    isProjectAdmin: isAdmin(scope.rights),
    environments: environments.filter(({ id }) => isAdmin(scope.rightsIn(id))),
  };
}

/** Two statements, however many there are. */
async function webhooksWithNews(
  ctx: Context,
  of: { organisationId: number; environmentIds: number[] | null },
): Promise<{ environmentId: number | null; webhook: WebhookSettings }[]> {
  const webhooks = await webhooksOf(ctx.db, of);
  const deliveries = await lastDeliveries(
    ctx.db,
    webhooks.map(({ id }) => id),
  );
  return webhooks.map((webhook) => ({
    environmentId: webhook.environment_id,
    webhook: {
      id: webhook.id,
      url: webhook.url,
      enabled: webhook.enabled === 1,
      is_signed: webhook.secret_encrypted !== null,
      created_at: webhook.created_at,
      updated_at: webhook.updated_at,
      last_delivery: deliveries.get(webhook.id) ?? null,
    },
  }));
}

interface Place {
  place: IntegrationPlace;
  id: number;
  environment: StoredEnvironment | null;
}

async function integrationsAt(
  ctx: Context,
  projectId: number | null,
  places: Place[],
): Promise<Omit<IntegrationSettings, 'github' | 'gitlab'>> {
  const keyOf = ({ place, id }: Place) => `${place}:${id}`;
  const connected = await connectedAt(ctx, places.map(keyOf));
  const deliveries = await lastIntegrationDeliveries(
    ctx.db,
    [...connected.values()].flat().map(({ id }) => id),
  );
  const kinds = new Set(places.map(({ place }) => place));
  return {
    catalogue: integrationCatalogue([...kinds]),
    places: places.map((place): IntegrationSettingsPlace => {
      const { id: _, ...shown } = place;
      const own = connected.get(keyOf(place)) ?? [];
      return { ...shown, connected: own.map((one) => ({ ...one, last_delivery: deliveries.get(one.id) ?? null })) };
    }),
    slack: {
      is_available: ctx.config.slack.app !== null,
      is_connected: projectId !== null && (await hasSlackWorkspace(ctx, projectId)),
    },
  };
}

function shownField(field: MetadataField, isHidden: boolean): CustomField {
  const { model_fields, ...own } = field;
  return {
    ...own,
    is_hidden: isHidden,
    of: model_fields.map((modelField) => ({ model_field: modelField.id, ...entityOf(modelField) })),
  };
}
