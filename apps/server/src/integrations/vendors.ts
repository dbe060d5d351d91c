import type { IntegrationVendor } from '@halyard/contract';
import { amplitude } from './amplitude.ts';
import { datadog } from './datadog.ts';
import { dynatrace } from './dynatrace.ts';
import { grafana } from './grafana.ts';
import { heap } from './heap.ts';
import { mixpanel } from './mixpanel.ts';
import { newRelic } from './new-relic.ts';
import { rudderstack } from './rudderstack.ts';
import { segment } from './segment.ts';
import { sentry } from './sentry.ts';
import { slack } from './slack.ts';
import type { ChangeVendor, IdentityVendor, Vendor } from './vendor.ts';
import { webhook } from './webhook.ts';

export const changeVendors = {
  datadog,
  'new-relic': newRelic,
  dynatrace,
  grafana,
  sentry,
  slack,
} satisfies Partial<Record<IntegrationVendor, ChangeVendor>>;

export const identityVendors = {
  amplitude,
  heap,
  mixpanel,
  rudderstack,
  segment,
  webhook,
} satisfies Partial<Record<IntegrationVendor, IdentityVendor>>;

export const vendors: Record<IntegrationVendor, Vendor> = { ...changeVendors, ...identityVendors };
