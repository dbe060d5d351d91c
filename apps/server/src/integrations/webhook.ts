import { signedRequest, sortedJson } from '../webhooks/delivery.ts';
import type { IdentityVendor } from './vendor.ts';

/** An address of the customer's, which is told all there is: flags as the SDK got them, stored traits, and segments. */
export const webhook: IdentityVendor = {
  hears: 'identities',
  defaults: { secret: '', enabled: true },
  secrets: ['secret'],
  addresses: ['url'],
  triesAgainAfterRefusal: true,
  newsOf: (evaluation) => {
    const flags = evaluation.flags.map(
      ({ json, percentageAllocation }) => `${json.slice(0, -1)},"percentage_allocation":${percentageAllocation}}`,
    );
    const rest = JSON.stringify({
      identity: evaluation.identifier,
      traits: evaluation.traits.map(({ id, key, value }) => ({ id, trait_key: key, trait_value: value })),
      segments: evaluation.segments(),
    });
    return `${rest.slice(0, -1)},"flags":[${flags.join(',')}]}`;
  },
  toRequest: (config, news) =>
    signedRequest({ url: String(config.url), body: sortedJson(JSON.parse(news)), secret: String(config.secret) }),
};
