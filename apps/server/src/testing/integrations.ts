import type { IntegrationVendor } from '@halyard/contract';

/** For each vendor what sets it up with an address. */
export const integrationBodies: Record<IntegrationVendor, (url: string) => Record<string, unknown>> = {
  datadog: (base_url) => ({ base_url, api_key: 'the-secret-key', use_custom_source: true }),
  'new-relic': (base_url) => ({ base_url, api_key: 'the-secret-key', app_id: '77' }),
  dynatrace: (base_url) => ({ base_url, api_key: 'the-secret-key', entity_selector: 'type(APPLICATION)' }),
  grafana: (base_url) => ({ base_url, api_key: 'the-secret-key' }),
  sentry: (webhook_url) => ({ webhook_url, secret: 'the-secret-key' }),
  slack: () => ({ channel_id: 'C0123', enabled: true }),
  amplitude: (base_url) => ({ base_url, api_key: 'the-secret-key' }),
  heap: (base_url) => ({ base_url, api_key: 'the-secret-key' }),
  mixpanel: (base_url) => ({ base_url, api_key: 'the-secret-key' }),
  rudderstack: (base_url) => ({ base_url, api_key: 'the-secret-key' }),
  segment: () => ({ base_url: 'https://api.segment.io/', api_key: 'the-secret-key' }),
  webhook: (url) => ({ url, secret: 'the-secret-key' }),
};
