import type { OAuthScope } from '@halyard/contract';
import type { Logger } from 'pino';
import type { ChangeFeed } from './change-stream/feed.ts';
import type { Config } from './config.ts';
import type { Database } from './db/tables.ts';
import { runTransaction } from './db/transactions.ts';
import type { Mailer } from './mail/mailer.ts';
import type { Outbound } from './outbound/client.ts';
import type { Vault } from './secrets.ts';
import type { Throttle } from './throttle/memory.ts';
import type { Timestamp } from './time.ts';

/** Who makes a request. */
export type Actor =
  | { kind: 'nobody' }
  | {
      kind: 'user';
      userId: number;
      email: string;
      /** The login that asks; 0 where none does. */
      tokenId: number;
      /** What the person let the application do that asks for them; absent where they ask themselves. */
      scopes?: readonly OAuthScope[];
    }
  | { kind: 'master_key'; masterKeyId: number; organisationId: number; isAdmin: boolean; name: string }
  | { kind: 'system' };

/** Called in the transaction that holds what is changed. */
export interface Precondition {
  /** @throws RequestError 409 where somebody else was faster */
  before: (ctx: Context) => Promise<void>;
  after: (ctx: Context) => Promise<void>;
}

/** All that a service gets: its database, who asks, and what the process offers. */
export interface Context {
  db: Database;
  actor: Actor;
  now: () => Timestamp;
  log: Logger;
  config: Config;
  vault: Vault;
  /** Runs after the transaction is committed; at once where there is none. Never throws into the request. */
  afterCommit: (work: () => void) => void;
  /** Wakes those who follow changes: the publisher of environment documents, and what tells webhooks. */
  wakePublisher: () => void;
  /** Wakes the worker, which runs jobs. */
  wakeWorker: () => void;
  /** Lets the Edge of this process know anew who hears of the identities that it serves. */
  wakeListener: () => void;
  /** Sends requests to addresses that customers name; the only way to. */
  outbound: Outbound;
  /** Committed changes of projects, for whoever follows them. */
  changeFeed: ChangeFeed;
  /** Lets the Edge of this process read an identity and its traits again. */
  forgetIdentity: (environmentId: number, identifier: string) => void;
  /** What the change that is made must find, and what is asked of it afterwards; for conditional requests. */
  precondition?: Precondition | undefined;
  /** The change set that changes belong to. */
  changeSetId?: number | undefined;
  /** Counts attempts, for rate limits. */
  throttle: Throttle;
  /** Sends e-mail; requests do not wait for it: see mail/service.ts. */
  mailer: Mailer;
  /** Address of the client, for rate limits. */
  clientAddress: string;
}

/**
 * Runs `work` in one transaction and answers what it answers; `work` runs again when the database says that it lost a
 * race, so it must not do anything outside the database. Inside a transaction it joins that one.
 */
export async function inTransaction<T>(ctx: Context, work: (ctx: Context) => Promise<T>): Promise<T> {
  if (ctx.db.isTransaction) return work(ctx);
  let committed: (() => void)[] = [];
  const result = await runTransaction(ctx, (db) => {
    committed = [];
    return work({ ...ctx, db, afterCommit: (later) => void committed.push(later) });
  });
  for (const later of committed) later();
  return result;
}
