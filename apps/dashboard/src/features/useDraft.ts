import type { FeaturePage } from '@halyard/contract';
import { useEffect, useMemo, useState } from 'react';
import { changesOf, type Draft, draftOf, merge, same } from './draft.ts';

interface Kept {
  page: FeaturePage;
  draft: Draft;
}

/**
 * The draft of one feature: kept in this browser until it is saved or thrown away, so that a reload loses nothing. What
 * others save meanwhile is taken over at once while there is no draft, and offered for merging where there is one.
 */
export function useDraft(latest: FeaturePage) {
  const key = `halyard.draft.${latest.feature.id}`;
  const [kept, setKept] = useState<Kept>(() => restored(key) ?? { page: latest, draft: draftOf(latest) });
  const base = useMemo(() => draftOf(kept.page), [kept.page]);
  const changes = useMemo(() => changesOf(base, kept.draft), [base, kept.draft]);
  const isBehind = !same(versionsOf(kept.page), versionsOf(latest));

  if (changes.length === 0 && kept.page !== latest) setKept({ page: latest, draft: draftOf(latest) });

  useEffect(() => {
    if (changes.length === 0) localStorage.removeItem(key);
    else keep(key, kept);
  }, [key, kept, changes.length]);

  return {
    /** What the draft started from. */
    page: kept.page,
    base,
    draft: kept.draft,
    changes,
    /** Somebody saved something since the draft was begun. */
    isBehind,
    edit: (change: (draft: Draft) => Draft) => setKept(({ page, draft }) => ({ page, draft: change(draft) })),
    discard: () => setKept({ page: latest, draft: draftOf(latest) }),
    /** What putting the draft on top of the latest would amount to. */
    merged: (take: Record<string, 'mine' | 'theirs'> = {}) => merge(base, draftOf(latest), kept.draft, take),
    /** Goes on from the latest with a merged draft. */
    rebase: (draft: Draft) => setKept({ page: latest, draft }),
    saved: (page: FeaturePage) => setKept({ page, draft: draftOf(page) }),
  };
}

const versionsOf = (page: FeaturePage) => [
  page.feature.version,
  ...page.environments.map(({ id, version }) => [id, version]),
];

function restored(key: string): Kept | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(key: string, kept: Kept): void {
  try {
    localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // No room: the draft lives on in this tab alone.
  }
}
