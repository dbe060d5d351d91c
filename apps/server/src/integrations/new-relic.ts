import { environmentOf, json, sentenceOf, under, type ChangeVendor } from './vendor.ts';

export const newRelic: ChangeVendor = {
  hears: 'changes',
  defaults: { base_url: null },
  secrets: ['api_key'],
  addresses: ['base_url'],
  toRequest: (config, event) => ({
    method: 'POST',
    url: under(
      config.base_url ?? 'https://api.newrelic.com',
      `v2/applications/${encodeURIComponent(String(config.app_id))}/deployments.json`,
    ),
    headers: { ...json, 'X-Api-Key': String(config.api_key) },
    body: JSON.stringify({
      deployment: {
        revision: `env:${environmentOf(event)}`,
        changelog: sentenceOf(event),
        description: 'Flagsmith Feature Flag Event',
      },
    }),
  }),
};
