import { type IdentityVendor, json, keyAlone, newsOf, readNews, under } from './vendor.ts';

/** Twilio Segment, not a segment of ours. */
export const segment: IdentityVendor = {
  hears: 'identities',
  defaults: { base_url: 'https://api.segment.io/', enabled: true },
  secrets: ['api_key'],
  addresses: [],
  newsOf,
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
