import type { LifecycleStage } from '@halyard/contract';
import { plusSeconds, type Timestamp } from '../time.ts';

/** The time before which a feature that did not change since is stale. */
export function staleBefore(now: Timestamp, staleFlagsLimitDays: number): Timestamp {
  return plusSeconds(now, -Math.min(staleFlagsLimitDays, longestLimitDays) * 24 * 60 * 60);
}

/** Where a feature stands in one environment; `inStage` in store.ts says the same to the database. */
export function stageOf(
  feature: {
    createdDate: Timestamp;
    isArchived: boolean;
    isPermanent: boolean;
    /** Whether anything was changed in the environment since the feature got its state there. */
    edited: boolean;
    lastModified: Timestamp | null;
  },
  staleBefore: Timestamp,
): LifecycleStage {
  if (feature.isPermanent) return 'permanent';
  const isYoung = feature.createdDate >= staleBefore;
  if (isYoung && !feature.edited) return 'new';
  if (isYoung || (feature.lastModified !== null && feature.lastModified >= staleBefore)) return 'live';
  return feature.isArchived ? 'to_remove' : 'stale';
}

/** A hundred years: times have four digits for the year. */
const longestLimitDays = 36_500;
