import { type IdentityVendor, json, newsWithoutEmpty, readNews, under } from './vendor.ts';

export const mixpanel: IdentityVendor = {
  hears: 'identities',
  defaults: { base_url: null, enabled: true },
  secrets: ['api_key'],
  addresses: ['base_url'],
  newsOf: newsWithoutEmpty,
  toRequest: (config, news) => {
    const { identifier, properties } = readNews(news);
    return {
      method: 'POST',
      url: under(config.base_url ?? 'https://api.mixpanel.com', 'engage#profile-set'),
      headers: { ...json, accept: 'text/plain', 'X-Mixpanel-Integration-ID': 'flagsmith' },
      // Without an address of the person's, Mixpanel would take ours for where they are.
      body: JSON.stringify([{ $token: config.api_key, $distinct_id: identifier, $set: properties, $ip: '0' }]),
    };
  },
  problemOf: ({ body }) => (body.trim() === '0' ? 'Mixpanel did not take the profile.' : null),
};
