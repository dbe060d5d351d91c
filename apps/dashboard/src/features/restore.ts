import type { ChangeSetPart } from '@halyard/contract';
import type { Draft, DraftServed, EnvironmentDraft } from './draft.ts';

/** What still exists: a step may be about variants, segments and environments that are gone. */
interface Known {
  segments: ReadonlySet<number>;
  options: ReadonlySet<number>;
}

/** The draft with what these parts changed as it was before them: for review, since much may have happened in between. */
export function asBefore(draft: Draft, parts: ChangeSetPart[], known: Known): Draft {
  const restored = structuredClone(draft);
  const served = ({ enabled, value, weights }: DraftServed): DraftServed => ({
    enabled,
    value,
    weights: weights.filter(({ option }) => known.options.has(option)),
  });
  const change = (environment: number, work: (of: EnvironmentDraft) => void) => {
    const of = restored.environments[environment];
    if (of) work(of);
  };
  for (const part of parts) {
    switch (part.part) {
      case 'enabled':
        change(part.environment, (of) => {
          of.state.enabled = part.before;
        });
        break;
      case 'states':
        change(part.environment, (of) => {
          const own = part.before.find(({ segment }) => segment === null);
          if (own) of.state = served(own);
          of.segment_overrides = part.before.flatMap((state) =>
            state.segment !== null && known.segments.has(state.segment)
              ? [{ segment: state.segment, ...served(state) }]
              : [],
          );
        });
        break;
      case 'identity_override':
        change(part.environment, (of) => {
          const { identifier } = part.identity;
          const others = of.identity_overrides.filter((one) => one.identifier !== identifier);
          of.identity_overrides = part.before ? [...others, { identifier, ...served(part.before) }] : others;
        });
        break;
      case 'description':
        restored.settings.description = part.before ?? '';
        break;
      case 'is_archived':
      case 'is_server_key_only':
        restored.settings[part.part] = part.before;
        break;
      case 'tags':
      case 'owners':
      case 'group_owners':
        restored.settings[part.part] = part.before;
        break;
      case 'metadata':
        restored.settings.metadata = part.before.map(({ model_field, field_value }) => ({ model_field, field_value }));
        break;
      // A variant that is gone comes back by undo alone, with its weights; a version that waits, by another one.
      case 'multivariate_options':
      case 'scheduled_version':
      case 'deleted':
        break;
    }
  }
  return restored;
}
