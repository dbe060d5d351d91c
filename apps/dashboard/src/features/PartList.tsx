import type { ChangeSetPart, FeaturePage } from '@halyard/contract';
import { Box, Stack, Text } from '@mantine/core';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { Difference } from '../ui/Difference.tsx';
import { exactTime } from '../ui/time.ts';
import { shown } from '../ui/shown.ts';
import type { Draft } from './draft.ts';
import { nameOf } from '../people/names.ts';

interface PartListProps {
  parts: ChangeSetPart[];
  page: Pick<FeaturePage, 'environments' | 'tags' | 'people' | 'groups' | 'segments' | 'metadata_fields' | 'feature'>;
  draft?: Draft;
}

interface Line {
  what: string;
  before: string | null;
  after: string | null;
}

/** What changes, in words, by environment: the old beside the new. */
export function PartList({ parts, page, draft }: PartListProps) {
  if (parts.length === 0) return <Text size="sm">Nothing would change: it is so already.</Text>;
  const shared = parts.filter((part) => !('environment' in part));
  return (
    <Stack gap="sm">
      {page.environments.map((environment) => {
        const own = parts.filter((part) => 'environment' in part && part.environment === environment.id);
        return own.length === 0 ? null : (
          <Box key={environment.id}>
            <EnvironmentName environment={environment} />
            <Lines lines={own.flatMap((part) => linesOf(part, page, draft))} />
          </Box>
        );
      })}
      {shared.length > 0 && (
        <Box>
          <Text size="sm" fw={600}>
            Settings, in every environment
          </Text>
          <Lines lines={shared.flatMap((part) => linesOf(part, page, draft))} />
        </Box>
      )}
    </Stack>
  );
}

function Lines({ lines }: { lines: Line[] }) {
  return (
    <Stack gap={6} mt={6}>
      {lines.map((line, index) => (
        <Difference key={index} {...line} />
      ))}
    </Stack>
  );
}

function linesOf(part: ChangeSetPart, page: PartListProps['page'], draft?: Draft): Line[] {
  const variantName = (id: number) => {
    const option = page.feature.multivariate_options.find((one) => one.id === id);
    const drafted = draft?.settings.variants.find((one) => one.id === id);
    return (
      drafted?.key ??
      option?.key ??
      shown(drafted?.value ?? option?.string_value ?? option?.integer_value ?? option?.boolean_value ?? null)
    );
  };
  const segmentName = (id: number) => page.segments.find((one) => one.id === id)?.name ?? `segment ${id}`;
  const weights = (list: { option: number; percentage_allocation: number }[]) =>
    list.map(({ option, percentage_allocation }) => `${variantName(option)} ${percentage_allocation} %`).join(', ') ||
    'none';
  const onOff = (enabled: boolean) => (enabled ? 'on' : 'off');
  const names = <T extends { id: number }>(ids: number[], list: T[], name: (one: T) => string) =>
    ids
      .map((id) => list.find((one) => one.id === id))
      .map((one) => (one ? name(one) : '?'))
      .join(', ') || 'none';
  const line = (what: string, before: string | null, after: string | null): Line[] =>
    before === after ? [] : [{ what, before, after }];

  switch (part.part) {
    case 'enabled':
      return line('Everybody', onOff(part.before), onOff(part.after));
    case 'states': {
      const segments = [...new Set([...part.before, ...part.after].map(({ segment }) => segment))];
      const order = (list: typeof part.before) =>
        list.flatMap(({ segment }) => (segment === null ? [] : [segmentName(segment)])).join(', ') || 'none';
      const lines = segments.flatMap((segment) => {
        const who = segment === null ? 'Everybody' : segmentName(segment);
        const before = part.before.find((one) => one.segment === segment);
        const after = part.after.find((one) => one.segment === segment);
        if (!before || !after) {
          const served = before ?? after;
          const text = served ? `${onOff(served.enabled)}, ${shown(served.value)}` : null;
          return line(`Override for ${who}`, before ? text : null, after ? text : null);
        }
        return [
          ...line(who, onOff(before.enabled), onOff(after.enabled)),
          ...line(`${who}: value`, shown(before.value), shown(after.value)),
          ...line(`${who}: weights`, weights(before.weights), weights(after.weights)),
        ];
      });
      const isMoved = sameSet(part.before, part.after) && order(part.before) !== order(part.after);
      return isMoved ? [...lines, ...line('Order of the overrides', order(part.before), order(part.after))] : lines;
    }
    case 'identity_override': {
      const text = (one: typeof part.before) => one && `${onOff(one.enabled)}, ${shown(one.value)}`;
      return line(`Override for ${part.identity.identifier}`, text(part.before), text(part.after));
    }
    case 'scheduled_version':
      return line(
        'Scheduled',
        part.before && exactTime(part.before.live_from),
        part.after && exactTime(part.after.live_from),
      );
    case 'description':
      return line('Description', part.before, part.after);
    case 'is_archived':
      return line('Archived', part.before ? 'yes' : 'no', part.after ? 'yes' : 'no');
    case 'is_server_key_only':
      return line('Server-side only', part.before ? 'yes' : 'no', part.after ? 'yes' : 'no');
    case 'tags':
      return line(
        'Tags',
        names(part.before, page.tags, (tag) => tag.label),
        names(part.after, page.tags, (tag) => tag.label),
      );
    case 'owners':
      return line('Owners', names(part.before, page.people, nameOf), names(part.after, page.people, nameOf));
    case 'group_owners':
      return line(
        'Owning groups',
        names(part.before, page.groups, (group) => group.name),
        names(part.after, page.groups, (group) => group.name),
      );
    case 'metadata': {
      const text = (list: typeof part.before) =>
        list
          .map(
            (one) =>
              `${page.metadata_fields.find((field) => field.model_field === one.model_field)?.name ?? '?'}: ${one.field_value}`,
          )
          .join(', ') || 'none';
      return line('Custom fields', text(part.before), text(part.after));
    }
    case 'multivariate_options': {
      const text = (list: typeof part.before) =>
        list
          .map(
            (one) => `${one.key ?? 'variant'} = ${shown(one.string_value ?? one.integer_value ?? one.boolean_value)}`,
          )
          .join('\n') || 'none';
      return line('Variants', text(part.before), text(part.after));
    }
    case 'deleted':
      return line('Deleted', null, 'yes');
  }
}

/** Whether both lists are about the same segments, in whatever order. */
function sameSet(one: { segment: number | null }[], other: { segment: number | null }[]): boolean {
  return one.length === other.length && one.every(({ segment }) => other.some((served) => served.segment === segment));
}
