import { z } from 'zod';
import { type Endpoint, endpoint } from './endpoint.ts';
import {
  blankableTextInput,
  booleanInput,
  id,
  integerInput,
  page,
  pageQuery,
  pathId,
  textInput,
  time,
  urlInput,
} from './fields.ts';

/** Where an integration is set up; at each place there is at most one of a vendor. */
export type IntegrationPlace = 'environment' | 'project' | 'organisation';

/** What stands for a secret that is not shown. Sent back, it leaves the secret as it is. */
export const secretMask = '*'.repeat(16);

const apiKey = textInput(100);
const requiredUrl = urlInput(200);
/** Without an address it goes to the vendor's own. */
const vendorsUrl = z.preprocess((value) => (value === '' ? null : value), requiredUrl.nullable()).optional();
const keyShown = z.object({ id, base_url: z.string().nullable(), api_key: z.string() });

const enabled = booleanInput.optional();
const identityKeyShown = keyShown.extend({ enabled: z.boolean() });
const segmentUrls = ['https://api.segment.io/', 'https://events.eu1.segmentapis.com/'] as const;

/** What can be told of changes, and of identities that ask for their flags: where, what it takes, and how it is shown. */
export const integrationVendors = {
  datadog: vendor({
    title: 'Datadog',
    places: ['project'],
    input: z.object({ base_url: requiredUrl, api_key: apiKey, use_custom_source: booleanInput.optional() }),
    shown: keyShown.extend({ use_custom_source: z.boolean() }),
  }),
  'new-relic': vendor({
    title: 'New Relic',
    places: ['project'],
    input: z.object({ base_url: vendorsUrl, api_key: apiKey, app_id: textInput(100) }),
    shown: keyShown.extend({ app_id: z.string() }),
  }),
  dynatrace: vendor({
    title: 'Dynatrace',
    places: ['environment'],
    input: z.object({ base_url: requiredUrl, api_key: apiKey, entity_selector: textInput(1000) }),
    shown: keyShown.extend({ entity_selector: z.string() }),
  }),
  grafana: vendor({
    title: 'Grafana',
    places: ['environment', 'project', 'organisation'],
    input: z.object({ base_url: requiredUrl, api_key: apiKey }),
    shown: keyShown,
  }),
  sentry: vendor({
    title: 'Sentry',
    places: ['environment'],
    input: z.object({
      webhook_url: requiredUrl,
      secret: textInput(60).refine((text) => text === '' || text.length >= 10, {
        error: 'Ensure this field has at least 10 characters.',
      }),
    }),
    shown: z.object({ id, environment: id, webhook_url: z.string(), secret: z.string() }),
  }),
  slack: vendor({
    title: 'Slack',
    places: ['environment'],
    input: z.object({ channel_id: textInput(50), enabled: booleanInput.optional() }),
    shown: z.object({ id, channel_id: z.string(), enabled: z.boolean() }),
  }),
  amplitude: vendor({
    title: 'Amplitude',
    places: ['environment'],
    input: z.object({ base_url: urlOr('https://api2.amplitude.com'), api_key: apiKey, enabled }),
    shown: identityKeyShown,
  }),
  heap: vendor({
    title: 'Heap',
    places: ['environment'],
    input: z.object({ base_url: vendorsUrl, api_key: apiKey, enabled }),
    shown: identityKeyShown,
  }),
  mixpanel: vendor({
    title: 'Mixpanel',
    places: ['environment'],
    input: z.object({ base_url: vendorsUrl, api_key: apiKey, enabled }),
    shown: identityKeyShown,
  }),
  rudderstack: vendor({
    title: 'RudderStack',
    places: ['environment'],
    // Each customer of RudderStack has a data plane of their own: there is no usual address.
    input: z.object({ base_url: requiredUrl, api_key: apiKey, enabled }),
    shown: identityKeyShown,
  }),
  segment: vendor({
    title: 'Segment',
    places: ['environment'],
    input: z.object({ base_url: z.enum(segmentUrls).optional(), api_key: apiKey, enabled }),
    shown: identityKeyShown,
  }),
  webhook: vendor({
    title: 'Identity webhook',
    places: ['environment'],
    input: z.object({ url: requiredUrl, secret: blankableTextInput(255).optional(), enabled }),
    shown: z.object({ id, url: z.string(), secret: z.string(), enabled: z.boolean() }),
  }),
};
export type IntegrationVendor = keyof typeof integrationVendors;

interface VendorDescription<Input extends z.ZodObject, Shown extends z.ZodObject> {
  title: string;
  places: IntegrationPlace[];
  /** What is set; what is left out is the vendor's usual, or stays as it was. */
  input: Input;
  shown: Shown;
}

/** An address that is the vendor's usual one where it is cleared. */
function urlOr(usual: string) {
  return z.preprocess((value) => (value === '' || value === null ? usual : value), requiredUrl).optional();
}

function vendor<Input extends z.ZodObject, Shown extends z.ZodObject>(description: VendorDescription<Input, Shown>) {
  return description;
}

/** One message, or a handful about identities, on its way to one integration. */
export const integrationDelivery = z.object({
  id,
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.number().int(),
  /** Of the newest attempt; null where nobody answered. */
  response_status: z.number().int().nullable(),
  error: z.string().nullable(),
  /** Null once it is delivered or given up. */
  next_attempt_at: time.nullable(),
  created_at: time,
  finished_at: time.nullable(),
});
export type IntegrationDelivery = z.output<typeof integrationDelivery>;

/** The place and, where it is about one, the integration, as the path names them. */
export interface IntegrationParams {
  environment_api_key?: string;
  project_id?: number;
  organisation_id?: number;
  integration_id?: number;
}
export type IntegrationBody = Record<string, unknown>;

const tag = 'integrations';
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });
const paramsOf = {
  environment: inEnvironment,
  project: z.object({ project_id: pathId }),
  organisation: z.object({ organisation_id: pathId }),
};
const pathOf = {
  environment: '/api/v1/environments/{environment_api_key}/integrations/',
  project: '/api/v1/projects/{project_id}/integrations/',
  organisation: '/api/v1/organisations/{organisation_id}/integrations/',
};

/** The same seven requests for every vendor at every place where it can be set up. */
export const integrationEndpoints = (Object.keys(integrationVendors) as IntegrationVendor[]).flatMap((name) =>
  integrationVendors[name].places.map((place) => ({ vendor: name, place, endpoints: endpointsOf(name, place) })),
);

function endpointsOf(name: IntegrationVendor, place: IntegrationPlace) {
  const { title, ...schemas } = integrationVendors[name];
  const input: z.ZodObject = schemas.input;
  const shown = schemas.shown as z.ZodObject as z.ZodType<IntegrationBody>;
  const params = paramsOf[place] as z.ZodObject;
  const list = `${pathOf[place]}${name}/`;
  const one = `${list}{integration_id}/`;
  const suffix = `${capital(place)}${title.split(' ').map(capital).join('')}`;
  const inPlace = { tag, params: params as z.ZodType<IntegrationParams>, errors: [403 as const, 404 as const] };
  const ofOne = { ...inPlace, params: params.extend({ integration_id: pathId }) as z.ZodType<IntegrationParams> };
  const whole = input as z.ZodType<IntegrationBody>;
  const partial = input.partial() as z.ZodType<IntegrationBody>;
  const where = `${title} integration of ${place === 'environment' || place === 'organisation' ? 'an' : 'a'} ${place}`;
  return {
    list: endpoint({
      ...inPlace,
      id: `list${suffix}`,
      method: 'GET',
      path: list,
      summary: `List the ${where}: one or none`,
      response: z.array(shown),
    }),
    create: endpoint({
      ...inPlace,
      id: `create${suffix}`,
      method: 'POST',
      path: list,
      summary: `Set up the ${where}`,
      body: whole,
      status: 201,
      response: shown,
    }),
    get: endpoint({
      ...ofOne,
      id: `get${suffix}`,
      method: 'GET',
      path: one,
      summary: `Read the ${where}`,
      response: shown,
    }),
    update: endpoint({
      ...ofOne,
      id: `update${suffix}`,
      method: 'PUT',
      path: one,
      summary: `Change the ${where}; what is not given stays`,
      body: whole,
      response: shown,
    }),
    patch: endpoint({
      ...ofOne,
      id: `patch${suffix}`,
      method: 'PATCH',
      path: one,
      summary: `Change some of the ${where}`,
      body: partial,
      response: shown,
    }),
    remove: endpoint({
      ...ofOne,
      id: `delete${suffix}`,
      method: 'DELETE',
      path: one,
      summary: `Switch off the ${where}`,
      status: 204,
    }),
    deliveries: endpoint({
      ...ofOne,
      id: `list${suffix}Deliveries`,
      method: 'GET',
      path: `${one}deliveries/`,
      summary: `List what the ${where} was sent lately, the newest first`,
      query: pageQuery,
      paged: true,
      response: page(integrationDelivery),
    }) as unknown as Endpoint<
      IntegrationParams,
      z.output<typeof pageQuery>,
      undefined,
      { count: number; results: IntegrationDelivery[] }
    >,
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

export const getSlackSignature = endpoint({
  id: 'getSlackSignature',
  method: 'GET',
  path: `${pathOf.environment}slack/signature/`,
  tag,
  summary: 'Get what lets a browser begin to connect Slack, for ten minutes',
  params: inEnvironment,
  response: z.object({ signature: z.string() }),
  errors: [403, 404],
});

export const beginSlackOauth = endpoint({
  id: 'beginSlackOauth',
  method: 'GET',
  path: `${pathOf.environment}slack/oauth/`,
  tag,
  summary: 'Send a browser to Slack to connect a workspace',
  auth: 'anyone',
  params: inEnvironment,
  query: z.object({ redirect_url: urlInput(2000), signature: textInput(4000) }),
  status: 302,
  errors: [403, 404],
});

export const finishSlackOauth = endpoint({
  id: 'finishSlackOauth',
  method: 'GET',
  path: `${pathOf.environment}slack/callback/`,
  tag,
  summary: 'Take a browser back from Slack and keep what it brings',
  auth: 'anyone',
  params: inEnvironment,
  query: z.object({
    state: textInput(8000),
    code: textInput(1000).optional(),
    error: textInput(1000).optional(),
  }),
  status: 302,
  errors: [403, 404],
});

export const listSlackChannels = endpoint({
  id: 'listSlackChannels',
  method: 'GET',
  path: `${pathOf.environment}slack-channels/`,
  tag,
  summary: 'List the public channels of the connected Slack workspace',
  params: inEnvironment,
  query: z.object({
    limit: integerInput({ min: 1, max: 999 }).default(20),
    cursor: blankableTextInput(500).optional(),
  }),
  response: z.object({
    channels: z.array(z.object({ channel_name: z.string(), channel_id: z.string() })),
    cursor: z.string(),
  }),
  errors: [403, 404],
});
