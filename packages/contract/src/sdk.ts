import { z } from 'zod';
import type { Endpoint, ErrorStatus } from './endpoint.ts';
import { scalarValue } from './values.ts';

/** A client-side or server-side key in `X-Environment-Key`, a server-side key there, or nothing (the path may carry a key). */
type SdkAuth = 'environment key' | 'server-side key' | 'none';

/**
 * A request of the SDK-facing API. The Edge reads these by hand, for speed: the schemas here describe for people and
 * generators what it takes and answers, and its tests hold it to them.
 */
export interface SdkEndpoint extends Omit<Endpoint, 'auth'> {
  auth: SdkAuth;
  /** The answer is a stream of server-sent events. */
  streams: boolean;
}

function sdkEndpoint(
  description: Pick<SdkEndpoint, 'id' | 'method' | 'path' | 'summary'> &
    Partial<Pick<SdkEndpoint, 'auth' | 'params' | 'query' | 'body' | 'status' | 'response' | 'streams'>> & {
      errors?: ErrorStatus[];
    },
): SdkEndpoint {
  const { errors = [], ...rest } = description;
  return {
    auth: 'environment key',
    tag: 'sdk',
    status: 200,
    paged: false,
    streams: false,
    ...rest,
    // Without a key that opens an environment, or when its organisation does not serve flags.
    errors: rest.auth === 'none' ? errors : [403, ...errors],
  } as SdkEndpoint;
}

const time = z.iso.datetime({ offset: true });

const sdkFeature = z.object({
  id: z.number().int(),
  name: z.string(),
  type: z.enum(['STANDARD', 'MULTIVARIATE']),
  created_date: time.nullable(),
  description: z.string().nullable(),
  initial_value: z.string().nullable(),
  default_enabled: z.boolean().nullable(),
});

/** What hides behind `hide_sensitive_data` is null. */
const sdkFlag = z.object({
  id: z.number().int().nullable(),
  feature: sdkFeature,
  feature_state_value: scalarValue,
  environment: z.number().int().nullable(),
  identity: z.number().int().nullable(),
  feature_segment: z.number().int().nullable(),
  enabled: z.boolean(),
});

const sdkTraitValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const identityFlags = z.object({
  identifier: z.string(),
  traits: z.array(
    z.object({
      id: z.number().int(),
      trait_key: z.string(),
      trait_value: sdkTraitValue,
      transient: z.boolean(),
    }),
  ),
  flags: z.array(sdkFlag.extend({ variant: z.string().nullable() })),
});

const traitOfIdentity = z.object({
  identity: z.object({ identifier: z.string().max(2000) }),
  trait_key: z.string().max(200),
  trait_value: sdkTraitValue,
});

const ofrepContext = z.object({
  context: z.object({ targetingKey: z.string().optional() }).catchall(z.unknown()).optional(),
});

const ofrepFlag = z.object({
  key: z.string(),
  reason: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  variant: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()),
});

const oneFeature = z.object({ feature: z.string().optional() });

/** Every request that SDKs and OpenFeature providers make. */
export const sdkEndpoints: SdkEndpoint[] = [
  sdkEndpoint({
    id: 'sdkGetFlags',
    method: 'GET',
    path: '/api/v1/flags/',
    summary: "Read the environment's own state of every feature, or of the one that `feature` names",
    query: oneFeature,
    response: z.union([z.array(sdkFlag), sdkFlag]),
    errors: [404],
  }),
  sdkEndpoint({
    id: 'sdkListMultivariateOptions',
    method: 'GET',
    path: '/api/v1/flags/{feature_id}/multivariate-options/',
    summary: 'Read what the variants of a feature give, and what people get who are in none',
    params: z.object({ feature_id: z.coerce.number().int() }),
    response: z.object({ control_value: scalarValue, options: z.array(z.object({ value: scalarValue })) }),
    errors: [404],
  }),
  sdkEndpoint({
    id: 'sdkGetIdentity',
    method: 'GET',
    path: '/api/v1/identities/',
    summary: 'Read the flags and traits of an identity; one that is new is kept, unless `transient` has any text',
    query: z.object({
      identifier: z.string().max(2000),
      transient: z.string().optional(),
      feature: z.string().optional(),
    }),
    response: identityFlags,
    errors: [404],
  }),
  sdkEndpoint({
    id: 'sdkIdentify',
    method: 'POST',
    path: '/api/v1/identities/',
    summary: 'Set traits of an identity and read its flags',
    query: oneFeature,
    body: z.object({
      identifier: z.string().max(2000).optional(),
      transient: z.boolean().optional(),
      traits: z
        .array(
          z.object({ trait_key: z.string().max(200), trait_value: sdkTraitValue, transient: z.boolean().optional() }),
        )
        .max(1000)
        .optional(),
    }),
    response: identityFlags,
    errors: [404],
  }),
  sdkEndpoint({
    id: 'sdkGetEnvironmentDocument',
    method: 'GET',
    path: '/api/v1/environment-document/',
    summary: 'Read all that evaluating the environment takes, for local evaluation',
    auth: 'server-side key',
    response: z.object({ id: z.number().int(), api_key: z.string() }).catchall(z.unknown()),
  }),
  sdkEndpoint({
    id: 'sdkSetTrait',
    method: 'POST',
    path: '/api/v1/traits/',
    summary: 'Set one trait of an identity; null removes it',
    body: traitOfIdentity,
    response: traitOfIdentity,
  }),
  sdkEndpoint({
    id: 'sdkSetTraits',
    method: 'PUT',
    path: '/api/v1/traits/bulk/',
    summary: 'Set traits of several identities; null removes one',
    body: z.array(traitOfIdentity),
    response: z.array(traitOfIdentity),
  }),
  sdkEndpoint({
    id: 'sdkIncrementTrait',
    method: 'POST',
    path: '/api/v1/traits/increment-value/',
    summary: 'Add to an integer trait',
    body: z.object({
      identifier: z.string().max(2000),
      trait_key: z.string().max(200),
      increment_by: z.number().int(),
    }),
    response: z.object({ identifier: z.string(), trait_key: z.string(), trait_value: z.number().int() }),
  }),
  sdkEndpoint({
    id: 'sdkCountEvaluations',
    method: 'POST',
    path: '/api/v1/analytics/flags/',
    summary: 'Report how often each feature was read, by its name',
    body: z.record(z.string(), z.number().int()),
  }),
  sdkEndpoint({
    id: 'sdkCountEvaluationsV2',
    method: 'POST',
    path: '/api/v2/analytics/flags/',
    summary: 'Report how often each feature was read, with what it said',
    status: 204,
    body: z.object({
      evaluations: z.array(
        z.object({
          feature_name: z.string().max(2000),
          identity_identifier: z.string().nullish(),
          enabled_when_evaluated: z.boolean(),
          count: z.number().int(),
        }),
      ),
    }),
  }),
  sdkEndpoint({
    id: 'sdkReportTelemetry',
    method: 'POST',
    path: '/api/v1/analytics/telemetry/',
    summary: 'Report an installation; the answer repeats the request and nothing is kept',
    auth: 'none',
    status: 201,
    body: z.record(z.string(), z.unknown()),
    response: z.record(z.string(), z.unknown()),
  }),
  sdkEndpoint({
    id: 'sdkStreamEvents',
    method: 'GET',
    path: '/sse/environments/{environment_api_key}/stream',
    summary: 'Hear of every change of the environment, by its client-side key',
    auth: 'none',
    params: z.object({ environment_api_key: z.string() }),
    streams: true,
    errors: [403, 404],
  }),
  sdkEndpoint({
    id: 'ofrepEvaluateFlags',
    method: 'POST',
    path: '/ofrep/v1/evaluate/flags',
    summary: 'Evaluate every flag for an OpenFeature context',
    body: ofrepContext,
    response: z.object({
      flags: z.array(ofrepFlag),
      metadata: z.record(z.string(), z.unknown()),
      eventStreams: z.array(z.unknown()).optional(),
    }),
    errors: [401],
  }),
  sdkEndpoint({
    id: 'ofrepEvaluateFlag',
    method: 'POST',
    path: '/ofrep/v1/evaluate/flags/{key}',
    summary: 'Evaluate one flag for an OpenFeature context',
    params: z.object({ key: z.string() }),
    body: ofrepContext,
    response: ofrepFlag,
    errors: [401, 404],
  }),
  sdkEndpoint({
    id: 'ofrepStreamEvents',
    method: 'GET',
    path: '/ofrep/v1/streams/{environment_api_key}',
    summary: "Hear of every change of the environment, in OpenFeature's form",
    auth: 'none',
    params: z.object({ environment_api_key: z.string() }),
    streams: true,
    errors: [403, 404],
  }),
];
