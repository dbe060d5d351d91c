import type { DocumentFeatureState, TraitValue } from '@halyard/contract';
import type { Outcome } from '@halyard/engine';
import type { StoredIdentity } from '../identities/store.ts';
import type { Log } from '../log.ts';
import type { KeyKind, Publication } from '../publication.ts';
import type { EvaluationListener, IdentityEvaluation } from './listener.ts';

/** An answered request, and all that evaluating it again takes. */
export interface Served {
  publication: Publication;
  kind: KeyKind;
  identifier: string;
  /** As the evaluation saw them. The same object means the same traits. */
  traits: ReadonlyMap<string, TraitValue>;
  stored: StoredIdentity;
}

/** Collects who was served and tells a listener a moment later: no request waits, and what is too much is left out. */
export interface Teller {
  /** Null where nobody would hear. */
  interestIn(environmentId: number): string | null;
  /** Notes that an identity is to be told. Never throws. */
  tell(served: Served, interest: string): void;
  /** Tells what waits. Never rejects. */
  flush(): Promise<void>;
}

const tellAfterMs = 1000;
/** Identities that wait at once. */
const maxWaiting = 500;
/** For so long, an identity that comes again as it was is not news. */
const knownForMs = 60_000;
/** Evaluations between two looks at what else there is to do. */
const evaluationsAtOnce = 20;

export function createTeller(options: { listener: EvaluationListener | null; log: Log; now: () => number }): Teller {
  const { listener, log, now } = options;
  /** By the traits that were evaluated, which are one object as long as nothing about the identity changes. */
  const known = new WeakMap<ReadonlyMap<string, TraitValue>, { circumstances: string; untilMs: number }>();
  let waiting = new Map<string, Served>();
  let leftOut = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let flushing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    flushing = flushing.then(write);
    return flushing;
  }

  async function write(): Promise<void> {
    if (listener === null || waiting.size === 0) return;
    const all = [...waiting.values()];
    if (leftOut > 0) log.warn({ leftOut, told: all.length }, 'too many identities at once to tell them all');
    waiting = new Map();
    leftOut = 0;
    const evaluations: IdentityEvaluation[] = [];
    for (const [i, served] of all.entries()) {
      if (i > 0 && i % evaluationsAtOnce === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      if (listener.interestIn(served.publication.environmentId) !== null) evaluations.push(evaluate(served));
    }
    if (evaluations.length === 0) return;
    try {
      await listener.hear(evaluations);
    } catch (error) {
      log.warn({ err: error, leftOut: evaluations.length }, 'identities could not be told');
    }
  }

  return {
    interestIn: (environmentId) => (listener === null ? null : listener.interestIn(environmentId)),
    tell(served, interest) {
      const { publication, kind, traits } = served;
      const circumstances = `${publication.token} ${kind} ${interest}`;
      const before = known.get(traits);
      if (before !== undefined && before.circumstances === circumstances && now() < before.untilMs) return;
      const key = `${publication.environmentId} ${served.identifier}`;
      if (waiting.size >= maxWaiting && !waiting.has(key)) {
        leftOut++;
        return;
      }
      waiting.set(key, served);
      known.set(traits, { circumstances, untilMs: now() + knownForMs });
      if (timer !== null) return;
      timer = setTimeout(() => void flush(), tellAfterMs);
      // A process that has nothing else to do need not wait for this.
      (timer as { unref?: () => void }).unref?.();
    },
    flush,
  };
}

function evaluate({ publication, kind, identifier, traits, stored }: Served): IdentityEvaluation {
  const { document } = publication.published;
  const identity = { identifier, traits };
  const flags = publication.engine
    .decide(identity)
    .filter((served) => served[kind] !== '')
    .map((served) => {
      const { feature, enabled, value } = served.outcome;
      const percentageAllocation = allocationOf(publication, served.outcome);
      return { name: feature.name, enabled, value, json: served[kind], percentageAllocation };
    });
  return {
    environmentId: publication.environmentId,
    identifier,
    traits: document.hide_sensitive_data ? [] : [...stored.traits].map(([key, { id, value }]) => ({ id, key, value })),
    flags,
    segments() {
      const matched = new Set(publication.engine.evaluate(identity).segments.map(({ metadata }) => metadata?.id));
      return document.project.segments.map(({ id, name }) => ({ id, name, member: matched.has(id) }));
    },
  };
}

function allocationOf(publication: Publication, { stateUuid, variant, reason }: Outcome): number | null {
  const weight = /^SPLIT; weight=(.*)$/.exec(reason)?.[1];
  if (weight !== undefined) return Number(weight);
  if (variant !== 'control') return null;
  return Math.max(0, 100 - (weightsByState(publication).get(stateUuid) ?? 0));
}

/** How many of a hundred identities get any variant of a state. */
function weightsByState(publication: Publication): Map<string, number> {
  return publication.once('weights by state', () => {
    const { feature_states, identity_overrides, project } = publication.published.document;
    const states: DocumentFeatureState[] = [
      ...feature_states,
      ...project.segments.flatMap((segment) => segment.feature_states),
      ...identity_overrides.flatMap((override) => override.identity_features),
    ];
    return new Map(
      states.map((state) => [
        state.featurestate_uuid,
        state.multivariate_feature_state_values.reduce((sum, variant) => sum + variant.percentage_allocation, 0),
      ]),
    );
  });
}
