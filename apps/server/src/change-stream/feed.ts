import type { Logger } from 'pino';
import type { Database } from '../db/tables.ts';
import { findChanges, newestId, type ProjectChange } from './store.ts';

/** Who follows a project. */
export interface Follower {
  deliver: (changes: ProjectChange[]) => void;
  /** The process stops. */
  end: () => void;
}

/** Committed changes as they come, for those of this process who follow a project. */
export interface ChangeFeed {
  /** Every change that is committed after this is delivered. Answers what ends it. */
  follow: (projectId: number, follower: Follower) => Promise<() => void>;
  /** Takes one of the streams that a caller may have open; null where it has them all. Answers what gives it back. */
  reserve: (caller: string) => (() => void) | null;
  /** A change was committed in this process. */
  wake: () => void;
  close: () => void;
}

const streamsPerCaller = 20;
const pollMs = 1000;
/** Ids are given before the commit: a change may appear behind one with a higher id, this much later at most. */
const settledMs = 15_000;
const unsettledIds = 100;
const rowsPerRead = 1000;

/** Reads the changes after a commit in this process, and every second for those of others; only while somebody follows. */
export function createChangeFeed({ db, log }: { db: Database; log: Logger }): ChangeFeed {
  const followers = new Map<number, Set<Follower>>();
  const reserved = new Map<string, number>();
  /** Ids after `floor` that were delivered, and when they were seen. */
  const seen = new Map<number, number>();
  let floor: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  let reading: Promise<void> | null = null;
  let readAgain = false;
  let closed = false;

  async function changesAfterFloor(projectIds: number[]): Promise<ProjectChange[]> {
    const all: ProjectChange[] = [];
    for (let afterId = floor ?? 0; ; ) {
      const rows = await findChanges(db, { projectIds, afterId }, rowsPerRead);
      all.push(...rows);
      if (rows.length < rowsPerRead) return all;
      afterId = (rows.at(-1) as ProjectChange).id;
    }
  }

  async function read(): Promise<void> {
    const at = performance.now();
    const fresh = (await changesAfterFloor([...followers.keys()])).filter((change) => !seen.has(change.id));
    for (const change of fresh) seen.set(change.id, at);
    for (const [projectId, changes] of Map.groupBy(fresh, (change) => change.projectId)) {
      for (const follower of [...(followers.get(projectId) ?? [])]) follower.deliver(changes);
    }
    for (const [id, seenAt] of seen) {
      if (at - seenAt < settledMs) continue;
      seen.delete(id);
      floor = Math.max(floor ?? 0, id);
    }
  }

  function wake(): void {
    if (closed || followers.size === 0) return;
    readAgain = true;
    reading ??= (async () => {
      while (readAgain && !closed) {
        readAgain = false;
        try {
          await read();
        } catch (error) {
          // The next second tries again; nothing that is not delivered counts as seen.
          log.warn({ err: error }, 'could not read changes for those who follow them');
        }
      }
      reading = null;
    })();
  }

  return {
    async follow(projectId, follower) {
      if (followers.size === 0) {
        seen.clear();
        floor = Math.max(0, (await newestId(db)) - unsettledIds);
      }
      // What is there before is not news to anybody.
      if (!followers.has(projectId)) {
        for (const change of await changesAfterFloor([projectId])) seen.set(change.id, performance.now());
      }
      const ofProject = followers.get(projectId) ?? new Set();
      followers.set(projectId, ofProject.add(follower));
      timer ??= setInterval(wake, pollMs).unref();
      return () => {
        ofProject.delete(follower);
        if (ofProject.size === 0 && followers.get(projectId) === ofProject) followers.delete(projectId);
        if (followers.size > 0 || timer === null) return;
        clearInterval(timer);
        timer = null;
      };
    },
    reserve(caller) {
      const count = reserved.get(caller) ?? 0;
      if (count >= streamsPerCaller) return null;
      reserved.set(caller, count + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (reserved.get(caller) ?? 1) - 1;
        if (left === 0) reserved.delete(caller);
        else reserved.set(caller, left);
      };
    },
    wake,
    close() {
      closed = true;
      if (timer !== null) clearInterval(timer);
      for (const ofProject of [...followers.values()]) for (const follower of [...ofProject]) follower.end();
    },
  };
}
