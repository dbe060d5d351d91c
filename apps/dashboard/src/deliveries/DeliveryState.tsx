import type { IntegrationDelivery, WebhookDelivery } from '@halyard/contract';
import { Badge } from '@mantine/core';

/** A message to a webhook or to an integration, and how it went. */
export type Delivery = WebhookDelivery | IntegrationDelivery;

const looks = {
  delivered: { color: 'green', label: 'Delivered' },
  pending: { color: 'yellow', label: 'Waiting' },
  failed: { color: 'red', label: 'Failed' },
};

/** How a delivery stands, in one word; one that waits after a failure says so. */
export function DeliveryState({ delivery }: { delivery: Delivery }) {
  const { color, label } = looks[delivery.state];
  const retries = delivery.state === 'pending' && delivery.attempts > 0;
  return (
    <Badge color={color} autoContrast style={{ flexShrink: 0 }}>
      {retries ? 'Will try again' : label}
    </Badge>
  );
}
