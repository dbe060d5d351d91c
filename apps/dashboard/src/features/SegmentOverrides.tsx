import type { FeaturePage, FeaturePageEnvironment } from '@halyard/contract';
import { closestCenter, DndContext, KeyboardSensor, PointerSensor, useSensor, useSensors } from '@dnd-kit/core';
import {
  arrayMove,
  SortableContext,
  sortableKeyboardCoordinates,
  useSortable,
  verticalListSortingStrategy,
} from '@dnd-kit/sortable';
import { ActionIcon, Box, Group, Select, Switch, Text, Tooltip } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconGripVertical, IconTrash } from '@tabler/icons-react';
import { rulesSentence } from '../segments/sentence.ts';
import { ValueEditor } from '../ui/ValueEditor.tsx';
import type { DraftOverride, DraftVariant } from './draft.ts';
import { Weights } from './Weights.tsx';

interface SegmentOverridesProps {
  page: FeaturePage;
  environment: FeaturePageEnvironment;
  overrides: DraftOverride[];
  variants: DraftVariant[];
  readOnly: boolean;
  onChange: (change: (overrides: DraftOverride[]) => DraftOverride[]) => void;
  onProblem: (where: string, problem: string | undefined) => void;
}

/** The segments that get something else, the strongest first. */
export function SegmentOverrides({
  page,
  environment,
  overrides,
  variants,
  readOnly,
  onChange,
  onProblem,
}: SegmentOverridesProps) {
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const names = new Map(page.segments.map((segment) => [segment.id, segment.name]));
  const known = new Map(
    page.environments.flatMap((one) => one.segment_overrides.map(({ segment }) => [segment.id, segment] as const)),
  );
  const free = page.segments.filter(({ id }) => !overrides.some(({ segment }) => segment === id));
  const move = (from: number, to: number) => onChange((before) => arrayMove(before, from, to));
  return (
    <>
      <DndContext
        sensors={sensors}
        collisionDetection={closestCenter}
        onDragEnd={({ active, over }) => {
          if (!over || active.id === over.id) return;
          const at = (id: number | string) => overrides.findIndex(({ segment }) => segment === Number(id));
          move(at(active.id), at(over.id));
        }}
      >
        <SortableContext items={overrides.map(({ segment }) => segment)} strategy={verticalListSortingStrategy}>
          {overrides.map((override, index) => (
            <OverrideCard
              key={override.segment}
              position={index}
              last={index === overrides.length - 1}
              name={known.get(override.segment)?.name ?? names.get(override.segment) ?? 'Segment'}
              sentence={
                known.has(override.segment) ? rulesSentence(known.get(override.segment)?.rules ?? []) : undefined
              }
              override={override}
              variants={variants}
              readOnly={readOnly}
              production={environment.is_production}
              onMove={(by) => move(index, index + by)}
              onChange={(change) =>
                onChange((before) =>
                  before.map((one) => (one.segment === override.segment ? { ...one, ...change } : one)),
                )
              }
              onRemove={() => onChange((before) => before.filter(({ segment }) => segment !== override.segment))}
              onProblem={(what, problem) => onProblem(`segment ${override.segment} ${what}`, problem)}
            />
          ))}
        </SortableContext>
      </DndContext>
      {!readOnly && (
        <Select
          aria-label="Add a segment override"
          placeholder={free.length > 0 ? 'Add a segment override' : 'No other segment in this project'}
          disabled={free.length === 0}
          data={free.map(({ id, name }) => ({ value: String(id), label: name }))}
          value={null}
          searchable
          onChange={(id) => {
            const state = environment.state;
            if (id) {
              onChange((before) => [
                ...before,
                { segment: Number(id), enabled: true, value: state?.value ?? null, weights: state?.weights ?? [] },
              ]);
            }
          }}
        />
      )}
    </>
  );
}

interface OverrideCardProps {
  position: number;
  last: boolean;
  name: string;
  sentence: string | undefined;
  override: DraftOverride;
  variants: DraftVariant[];
  readOnly: boolean;
  production: boolean;
  onMove: (by: number) => void;
  onChange: (change: Partial<DraftOverride>) => void;
  onRemove: () => void;
  onProblem: (what: string, problem: string | undefined) => void;
}

function OverrideCard(props: OverrideCardProps) {
  const { position, last, name, sentence, override, variants, readOnly, production } = props;
  const { attributes, listeners, setNodeRef, transform, transition } = useSortable({
    id: override.segment,
    disabled: readOnly,
  });
  return (
    <Box
      ref={setNodeRef}
      className="card"
      p="sm"
      role="group"
      aria-label={`Override for ${name}`}
      style={{ ...(transform && { transform: `translate3d(0, ${transform.y}px, 0)` }), transition }}
    >
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb="xs">
        <Group gap={6} wrap="nowrap" miw={0}>
          {!readOnly && (
            <ActionIcon
              {...attributes}
              {...listeners}
              aria-label={`Move ${name}`}
              style={{ cursor: 'grab', touchAction: 'none' }}
            >
              <IconGripVertical size={16} />
            </ActionIcon>
          )}
          <Box miw={0}>
            <Text size="sm" fw={600} className="truncate">
              {position + 1}. {name}
            </Text>
            {sentence && (
              <Text size="xs" c="dimmed">
                {sentence}
              </Text>
            )}
          </Box>
        </Group>
        <Group gap={4} wrap="nowrap">
          {!readOnly && (
            <>
              <Tooltip label="Stronger">
                <ActionIcon aria-label={`Move ${name} up`} disabled={position === 0} onClick={() => props.onMove(-1)}>
                  <IconArrowUp size={16} />
                </ActionIcon>
              </Tooltip>
              <Tooltip label="Weaker">
                <ActionIcon aria-label={`Move ${name} down`} disabled={last} onClick={() => props.onMove(1)}>
                  <IconArrowDown size={16} />
                </ActionIcon>
              </Tooltip>
            </>
          )}
          <Switch
            mx={6}
            aria-label={`On for ${name}`}
            color={production ? 'red.8' : 'halyard.7'}
            checked={override.enabled}
            disabled={readOnly}
            onChange={(event) => props.onChange({ enabled: event.currentTarget.checked })}
          />
          {!readOnly && (
            <Tooltip label="Remove the override">
              <ActionIcon color="red" aria-label={`Remove the override for ${name}`} onClick={props.onRemove}>
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </Group>
      <ValueEditor
        label={variants.length > 0 ? 'Control value' : 'Value'}
        value={override.value}
        readOnly={readOnly}
        onChange={(value) => props.onChange({ value })}
        onProblem={(problem) => props.onProblem('value', problem)}
      />
      {variants.length > 0 && (
        <Weights
          variants={variants}
          weights={override.weights}
          control={override.value}
          readOnly={readOnly}
          onChange={(weights) => props.onChange({ weights })}
          onProblem={(problem) => props.onProblem('weights', problem)}
        />
      )}
    </Box>
  );
}
