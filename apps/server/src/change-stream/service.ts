import type * as endpoints from '@halyard/contract';
import type { InputOf, StreamedChange } from '@halyard/contract';
import { openProject, openVisibleEnvironments } from '../access/service.ts';
import type { Context } from '../context.ts';
import { throttled } from '../errors.ts';
import { plusSeconds } from '../time.ts';
import { findChanges, findTime, newestId, type ProjectChange } from './store.ts';

/** Where events go, as HTTP has it. */
interface Sink {
  send: (event: { id: string; event: string; data: unknown }) => void;
  close: () => void;
}

/**
 * The changes of a project that the actor may see: those that it missed since the last one that it has, then those that
 * come. Each is told at least once. @throws RequestError 429 for more than twenty open streams of one caller
 */
export async function streamChanges(
  ctx: Context,
  { params, query, lastEventId }: InputOf<typeof endpoints.streamChanges> & { lastEventId: string | null },
): Promise<{ open: (sink: Sink) => () => void; check: (ctx: Context) => Promise<void> }> {
  const projectId = params.project_id;
  let mayHear = await audience(ctx, projectId);
  const release = ctx.changeFeed.reserve(callerOf(ctx));
  if (release === null) throw throttled(60);

  const waiting: ProjectChange[] = [];
  let deliver = (changes: ProjectChange[]): void => void waiting.push(...changes);
  let end = () => {};
  let unfollow = () => {};
  let missed: ProjectChange[] | 'too many';
  let newest: number;
  try {
    if (query.follow) {
      unfollow = await ctx.changeFeed.follow(projectId, {
        deliver: (changes) => deliver(changes),
        end: () => end(),
      });
    }
    newest = await newestId(ctx.db);
    missed = await missedSince(ctx, projectId, lastEventId);
  } catch (error) {
    unfollow();
    release();
    throw error;
  }

  return {
    open(sink) {
      const tell = (changes: ProjectChange[]) => {
        for (const { projectId: _, ...change } of changes) {
          if (mayHear(change)) sink.send({ id: String(change.id), event: 'change', data: change });
        }
      };
      if (missed === 'too many') sink.send({ id: String(newest), event: 'reset', data: {} });
      else tell(missed);
      const told = new Set(missed === 'too many' ? [] : missed.map((change) => change.id));
      tell(waiting.filter((change) => !told.has(change.id)));
      deliver = tell;
      end = sink.close;
      if (!query.follow) sink.close();
      return () => {
        unfollow();
        release();
      };
    },
    check: async (ctx) => {
      mayHear = await audience(ctx, projectId);
    },
  };
}

/** Which changes the actor may hear of: the project's, and those of environments that it may see. */
async function audience(ctx: Context, projectId: number): Promise<(change: StreamedChange) => boolean> {
  await openProject(ctx, projectId, 'VIEW_PROJECT');
  const { environmentIds } = await openVisibleEnvironments(ctx, projectId);
  const visible = environmentIds === null ? null : new Set(environmentIds);
  return ({ environment }) => visible === null || environment === null || visible.has(environment);
}

/**
 * What came after the client's last event; from a little before it, because a change may be committed after one with a
 * higher id.
 */
async function missedSince(
  ctx: Context,
  projectId: number,
  lastEventId: string | null,
): Promise<ProjectChange[] | 'too many'> {
  if (lastEventId === null || !/^\d{1,15}$/.test(lastEventId)) return [];
  const lastId = Number(lastEventId);
  const last = await findTime(ctx.db, projectId, lastId);
  const filter =
    last === null
      ? { projectIds: [projectId], afterId: lastId }
      : { projectIds: [projectId], afterId: Math.max(0, lastId - overlapIds), notBefore: plusSeconds(last, -10) };
  const found = await findChanges(ctx.db, filter, mostMissed + 1);
  return found.length > mostMissed ? 'too many' : found.filter((change) => change.id !== lastId);
}

function callerOf({ actor }: Context): string {
  if (actor.kind === 'user') return `user ${actor.userId}`;
  return actor.kind === 'master_key' ? `master key ${actor.masterKeyId}` : actor.kind;
}

/** More than this is quicker read anew. */
const mostMissed = 1000;
const overlapIds = 100;
