import { type IdentityVendor, json, newsOf, readNews, under } from './vendor.ts';

export const heap: IdentityVendor = {
  hears: 'identities',
  defaults: { base_url: null, enabled: true },
  secrets: ['api_key'],
  addresses: ['base_url'],
  newsOf,
  toRequest: (config, news) => {
    const { identifier, properties } = readNews(news);
    return {
      method: 'POST',
      url: under(config.base_url ?? 'https://heapanalytics.com', 'api/track'),
      headers: json,
      body: JSON.stringify({
        app_id: config.api_key,
        identity: identifier,
        event: 'Flagsmith Feature Flags',
        properties,
      }),
    };
  },
};
