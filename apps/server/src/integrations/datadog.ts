import { environmentOf, json, sentenceOf, under, type ChangeVendor } from './vendor.ts';

export const datadog: ChangeVendor = {
  hears: 'changes',
  defaults: { use_custom_source: false },
  secrets: ['api_key'],
  addresses: ['base_url'],
  toRequest: (config, event) => ({
    method: 'POST',
    url: `${under(config.base_url, 'api/v1/events')}?api_key=${encodeURIComponent(String(config.api_key))}`,
    headers: json,
    body: JSON.stringify({
      text: sentenceOf(event),
      title: 'Flagsmith Feature Flag Event',
      tags: [`env:${environmentOf(event)}`],
      ...(config.use_custom_source === true && { source_type_name: 'flagsmith' }),
    }),
  }),
};
