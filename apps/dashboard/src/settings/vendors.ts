/** What a vendor makes of changes, in one line; one that is not here is described by its title. */
const descriptions: Record<string, string> = {
  amplitude: 'Sends the flags that an identity was given to Amplitude, as properties of the user.',
  datadog: 'Shows each change as an event beside your dashboards.',
  dynatrace: 'Shows each change as a deployment event on the entities that you select.',
  grafana: 'Puts an annotation on your graphs with each change.',
  heap: 'Sends the flags that an identity was given to Heap, as properties of the user.',
  mixpanel: 'Sends the flags that an identity was given to Mixpanel, as properties of the user.',
  'new-relic': 'Marks each change as a deployment of your application.',
  rudderstack: 'Sends the flags that an identity was given to RudderStack, as traits of the user.',
  segment: 'Sends the flags that an identity was given to Segment, as traits of the user.',
  sentry: 'Lets Sentry show which flags changed before an error began.',
  slack: 'Tells a channel of each change.',
  webhook: 'Sends the flags that an identity was given to an address of yours.',
};

export function describe({ vendor, title }: { vendor: string; title: string }): string {
  return descriptions[vendor] ?? `Tells ${title} of changes.`;
}

const labels: Record<string, string> = {
  api_key: 'API key',
  app_id: 'Application id',
  base_url: 'Address',
  channel_id: 'Channel',
  enabled: 'On',
  entity_selector: 'Entity selector',
  secret: 'Secret',
  url: 'Address',
  use_custom_source: 'Show Halyard as the source of the events',
  webhook_url: 'Address of the webhook',
};

/** What a field of a form is called; one that is not here by its own name: `write_key` is `Write key`. */
export function labelOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return labels[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

const hints: Record<string, string> = {
  'datadog base_url': 'https://api.datadoghq.eu',
  'dynatrace base_url': 'https://abc12345.live.dynatrace.com',
  'dynatrace entity_selector': 'type(APPLICATION),entityName(shop)',
  'grafana base_url': 'https://grafana.example.com',
  'new-relic base_url': 'Empty for https://api.newrelic.com',
  'slack channel_id': 'C0123ABCD',
};

/** An example of what belongs into a field. */
export function hintOf(vendor: string, field: string): string | undefined {
  return hints[`${vendor} ${field}`];
}
