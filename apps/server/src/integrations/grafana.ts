import { authorOf, environmentOf, json, under, type ChangeVendor } from './vendor.ts';

export const grafana: ChangeVendor = {
  hears: 'changes',
  defaults: {},
  secrets: ['api_key'],
  addresses: ['base_url'],
  toRequest: (config, event) => {
    const time = Date.parse(event.at);
    return {
      method: 'POST',
      url: under(config.base_url, 'api/annotations'),
      headers: { ...json, authorization: `Bearer ${config.api_key}` },
      body: JSON.stringify({
        tags: [
          'flagsmith',
          `project:${event.projectName ?? 'unknown'}`,
          `environment:${environmentOf(event)}`,
          `by:${authorOf(event)}`,
          ...(event.feature === null ? [] : [`feature:${event.feature.name}`]),
          ...(event.enabled === null ? [] : [`flag:${event.enabled ? 'enabled' : 'disabled'}`]),
          ...(event.segmentName === null ? [] : [`segment:${event.segmentName}`]),
          ...(event.feature?.tags ?? []),
        ],
        text: event.log,
        time,
        timeEnd: time,
      }),
    };
  },
};
