import { type AuditEvent, environmentOf, json, sentenceOf, under, type ChangeVendor } from './vendor.ts';

export const dynatrace: ChangeVendor = {
  hears: 'changes',
  defaults: {},
  secrets: ['api_key'],
  addresses: ['base_url'],
  toRequest: (config, event) => ({
    method: 'POST',
    url: `${under(config.base_url, 'api/v2/events/ingest')}?api-token=${encodeURIComponent(String(config.api_key))}`,
    headers: json,
    body: JSON.stringify({
      title: 'Flagsmith flag change.',
      eventType: 'CUSTOM_DEPLOYMENT',
      properties: {
        event: sentenceOf(event),
        environment: environmentOf(event),
        'dt.event.deployment.name': `Flagsmith Deployment${subjectOf(event)}`,
      },
      entitySelector: config.entity_selector,
    }),
  }),
};

function subjectOf(event: AuditEvent): string {
  if (event.feature !== null) return ` - Flag Changed: ${event.feature.name}`;
  return event.segmentName === null ? '' : ` - Segment Changed: ${event.segmentName}`;
}
