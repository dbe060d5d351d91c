import { type IdentityVendor, json, keyAlone, newsWithoutEmpty, readNews, under } from './vendor.ts';

export const rudderstack: IdentityVendor = {
  hears: 'identities',
  defaults: { enabled: true },
  secrets: ['api_key'],
  addresses: ['base_url'],
  newsOf: newsWithoutEmpty,
  toRequest: (config, news) => {
    const { identifier, properties } = readNews(news);
    return {
      method: 'POST',
      url: under(config.base_url, 'v1/identify'),
      headers: { ...json, ...keyAlone(config.api_key) },
      body: JSON.stringify({ userId: identifier, traits: properties }),
    };
  },
};
