import { type IdentityVendor, newsOf, readNews, under } from './vendor.ts';

export const amplitude: IdentityVendor = {
  hears: 'identities',
  defaults: { base_url: 'https://api2.amplitude.com', enabled: true },
  secrets: ['api_key'],
  addresses: ['base_url'],
  newsOf,
  toRequest: (config, news) => {
    const { identifier, properties } = readNews(news);
    return {
      method: 'POST',
      url: under(config.base_url, 'identify'),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        api_key: String(config.api_key),
        identification: JSON.stringify([{ user_id: identifier, user_properties: properties }]),
      }).toString(),
    };
  },
};
