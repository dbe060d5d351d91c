import { z } from 'zod';
import { endpoint } from './endpoint.ts';

const tag = 'health';

export const getLiveness = endpoint({
  id: 'getLiveness',
  method: 'GET',
  path: '/health/liveness/',
  tag,
  summary: 'Tell that the process runs',
  auth: 'anyone',
  response: z.object({ status: z.literal('ok') }),
});

const checks = z.record(z.string(), z.string());

export const getReadiness = endpoint({
  id: 'getReadiness',
  method: 'GET',
  path: '/health/readiness/',
  tag,
  summary: 'Tell whether requests can be served: the database answers and has this release’s tables',
  auth: 'anyone',
  response: checks,
  errors: [503],
});

export const getHealth = endpoint({ ...getReadiness, id: 'getHealth', path: '/health' });
export const getHealthcheck = endpoint({ ...getReadiness, id: 'getHealthcheck', path: '/healthcheck' });

export const getVersion = endpoint({
  id: 'getVersion',
  method: 'GET',
  path: '/version/',
  tag,
  summary: 'Tell the version, and what a client needs to know of this installation',
  auth: 'anyone',
  response: z.object({
    ci_commit_sha: z.string(),
    image_tag: z.string(),
    has_email_provider: z.boolean(),
    is_enterprise: z.boolean(),
    is_saas: z.boolean(),
    self_hosted_data: z.object({ has_users: z.boolean(), has_logins: z.boolean() }).nullable(),
    /** What a login page offers; null for a service that is not set up. */
    login_methods: z.object({
      password: z.boolean(),
      github: z.object({ client_id: z.string(), url: z.string() }).nullable(),
      google: z.object({ client_id: z.string() }).nullable(),
    }),
    package_versions: z.record(z.string(), z.string()),
  }),
});
