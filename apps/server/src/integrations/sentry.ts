import { createHmac } from 'node:crypto';
import { json, type ChangeVendor } from './vendor.ts';

/** Who changed a flag where nobody did. */
const nobody = 'system@halyard.invalid';

export const sentry: ChangeVendor = {
  hears: 'flags',
  defaults: {},
  secrets: ['secret'],
  addresses: ['webhook_url'],
  toRequest: (config, event) => {
    const body = JSON.stringify({
      data: event.flags.map((flag) => ({
        action: flag.action,
        flag: flag.name,
        created_at: Math.floor(Date.parse(event.at) / 1000),
        created_by: { id: event.authorEmail ?? nobody, type: 'email' },
        change_id: String(flag.stateId),
      })),
      meta: { version: 1 },
    });
    const signature = createHmac('sha256', String(config.secret)).update(body, 'utf8').digest('hex');
    return {
      method: 'POST',
      url: String(config.webhook_url),
      headers: { ...json, 'X-Sentry-Signature': signature },
      body,
    };
  },
};
