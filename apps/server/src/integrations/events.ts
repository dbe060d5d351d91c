import type { StoredChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { eventsOf } from '../webhooks/events.ts';
import { tagsOfFeatures } from './store.ts';
import type { AuditEvent } from './vendor.ts';

/** A change in the words that vendors are told. */
export interface Told {
  change: StoredChange;
  environmentId: number | null;
  /** About the states of one environment, rather than the change as a whole. */
  aboutFlags: boolean;
  event: AuditEvent;
}

/** What changes have to tell: each as a whole, and for each environment whose states it changed these. */
export async function toldOf(ctx: Context, changes: StoredChange[]): Promise<Told[]> {
  const byChange = Map.groupBy(await eventsOf(ctx, changes), (event) => event.change.id);
  const drafts = changes.map((change) => {
    const events = byChange.get(change.id) ?? [];
    const record = events.find(({ type }) => type === 'AUDIT_LOG_CREATED')?.data as RecordData | undefined;
    const states = events.flatMap(({ type, environmentId, data }): ChangedState[] =>
      type === 'FLAG_UPDATED' || type === 'FLAG_DELETED'
        ? [{ isDeletion: type === 'FLAG_DELETED', environmentId, ...(data as StateData) }]
        : [],
    );
    const isPublication = events.some(({ type }) => type === 'NEW_VERSION_PUBLISHED');
    return { change, record, states, isPublication, feature: featureOf(change, states) };
  });
  const tags = await tagsOfFeatures(
    ctx.db,
    drafts.flatMap(({ feature }) => feature?.id ?? []),
  );
  return drafts.flatMap(({ change, record, states, isPublication, feature }): Told[] => {
    const state = states[0]?.new_state ?? states[0]?.previous_state;
    const base: AuditEvent = {
      changeId: change.id,
      log: change.log,
      authorEmail: record?.author?.email ?? null,
      at: change.created_date,
      projectName: record?.project?.name ?? null,
      environmentName: record?.environment?.name ?? state?.environment.name ?? null,
      feature: feature === null ? null : { name: feature.name, tags: tags.get(feature.id) ?? [] },
      enabled: change.object_type === 'FEATURE_STATE' ? (state?.enabled ?? null) : null,
      segmentName:
        change.object_type === 'SEGMENT' ? nameOfObject(change) : (state?.feature_segment?.segment.name ?? null),
      flags: [],
    };
    // A feature's deletion is told once, for the project as a whole.
    const environmentName = change.environment_id === null ? null : base.environmentName;
    const isDraft = change.object_type === 'EF_VERSION' && !isPublication;
    const whole = { change, environmentId: change.environment_id, aboutFlags: false };
    return [
      ...(isDraft ? [] : [{ ...whole, event: { ...base, environmentName } }]),
      ...[...Map.groupBy(states, ({ environmentId }) => environmentId)].map(([environmentId, ofOne]) => ({
        change,
        environmentId,
        aboutFlags: true,
        event: { ...base, flags: flagsOf(change, ofOne) },
      })),
    ];
  });
}

interface RecordData {
  author: { email: string } | null;
  project: { name: string } | null;
  environment: { name: string } | null;
}

interface State {
  feature: { id: number; name: string };
  environment: { name: string };
  identity_identifier: string | null;
  feature_segment: { segment: { name: string } } | null;
  enabled: boolean;
}

interface StateData {
  new_state: State | null;
  previous_state?: State;
}

type ChangedState = StateData & { isDeletion: boolean; environmentId: number | null };

/** One line for each flag: that an override came or went is an update of the flag. */
function flagsOf(change: StoredChange, states: ChangedState[]): AuditEvent['flags'] {
  const flags = new Map<string, AuditEvent['flags'][number]>();
  for (const { isDeletion, new_state, previous_state } of states) {
    const state = (new_state ?? previous_state) as State;
    const isOverride = state.feature_segment !== null || state.identity_identifier !== null;
    const isNew = previous_state === undefined && !isOverride;
    const action = isDeletion ? 'deleted' : isNew ? 'created' : 'updated';
    flags.set(state.feature.name, { name: state.feature.name, action, stateId: change.object_id ?? change.id });
  }
  return [...flags.values()];
}

function featureOf(change: StoredChange, states: ChangedState[]): { id: number; name: string } | null {
  const state = states[0]?.new_state ?? states[0]?.previous_state;
  if (state !== undefined && state !== null) return { id: state.feature.id, name: state.feature.name };
  if (change.object_type === 'FEATURE' && change.object_id !== null) {
    const name = nameOfObject(change);
    return name === null ? null : { id: change.object_id, name };
  }
  if (change.object_type !== 'EF_VERSION') return null;
  return (parsed(change.after)?.feature as { id: number; name: string } | undefined) ?? null;
}

function nameOfObject(change: StoredChange): string | null {
  const name = (parsed(change.after) ?? parsed(change.before))?.name;
  return typeof name === 'string' ? name : null;
}

function parsed(text: string | null): Record<string, unknown> | null {
  const value: unknown = text === null ? null : JSON.parse(text);
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown> | null) : null;
}
