import type { IntegrationVendor } from '@halyard/contract';
import { datadog } from './datadog.ts';
import { dynatrace } from './dynatrace.ts';
import { grafana } from './grafana.ts';
import { newRelic } from './new-relic.ts';
import { sentry } from './sentry.ts';
import { slack } from './slack.ts';
import type { Vendor } from './vendor.ts';

export const vendors: Record<IntegrationVendor, Vendor> = {
  datadog,
  'new-relic': newRelic,
  dynatrace,
  grafana,
  sentry,
  slack,
};
