import type * as endpoints from '@halyard/contract';
import type { CurrentUser, InputOf, SignUpType } from '@halyard/contract';
import { requireUser } from '../access/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { invalid, notFound } from '../errors.ts';
import { plusSeconds } from '../time.ts';
import {
  anyUserExists,
  emailIsTaken,
  findStanding,
  findUser,
  findUserByEmail,
  holdFirstAccount,
  insertUser,
  noteVisit,
  updateUser as updateRow,
} from './store.ts';

/** Who asks. A visit counts as a login where the last one is half an hour ago. */
export async function getCurrentUser(ctx: Context): Promise<CurrentUser> {
  const { userId } = requireUser(ctx);
  const at = ctx.now();
  await noteVisit(ctx.db, userId, { at, before: plusSeconds(at, -30 * 60) });
  return readUser(ctx, userId);
}

export async function updateCurrentUser(
  ctx: Context,
  { body }: InputOf<typeof endpoints.patchCurrentUser>,
): Promise<CurrentUser> {
  const { userId } = requireUser(ctx);
  const changes = {
    ...(body.first_name !== undefined && { first_name: body.first_name }),
    ...(body.last_name !== undefined && { last_name: body.last_name }),
  };
  if (Object.keys(changes).length > 0) await updateRow(ctx.db, userId, changes);
  return readUser(ctx, userId);
}

export interface NewUser {
  /** In lower case. */
  email: string;
  firstName: string;
  lastName: string;
  passwordHash: string;
  signUpType: SignUpType | null;
  isActive: boolean;
  isSuperuser: boolean;
}

/**
 * Creates an account; `also` runs in the same transaction.
 * @throws RequestError 400 for an e-mail address that has one, and for a superuser where there are accounts already.
 */
export async function createUser<T>(
  ctx: Context,
  user: NewUser,
  also: (ctx: Context, user: CurrentUser) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(ctx, async (ctx) => {
      if (user.isSuperuser) {
        await holdFirstAccount(ctx.db);
        if (await anyUserExists(ctx.db)) throw invalid({ superuser: [superuserExists] });
      }
      if (await emailIsTaken(ctx.db, user.email)) throw invalid({ email: [emailTaken] });
      const id = await insertUser(ctx.db, {
        uuid: crypto.randomUUID(),
        email: user.email,
        first_name: user.firstName,
        last_name: user.lastName,
        password_hash: user.passwordHash,
        is_active: Number(user.isActive),
        is_superuser: Number(user.isSuperuser),
        sign_up_type: user.signUpType,
        date_joined: ctx.now(),
        last_login: null,
      });
      return also(ctx, await readUser(ctx, id));
    });
  } catch (error) {
    // Two at once with one address: both saw that it was free, and the index let one pass.
    if (factsOf(ctx.db).isUniqueViolation(error)) throw invalid({ email: [emailTaken] });
    throw error;
  }
}

export async function noteLogin(ctx: Context, userId: number): Promise<void> {
  await updateRow(ctx.db, userId, { last_login: ctx.now() });
}

/** Whether somebody can log in at all. */
export async function isActiveUser(ctx: Context, userId: number): Promise<boolean> {
  return (await findStanding(ctx.db, userId))?.is_active === 1;
}

export async function isSuperuser(ctx: Context, userId: number): Promise<boolean> {
  return (await findStanding(ctx.db, userId))?.is_superuser === 1;
}

export async function anyAccountExists(ctx: Context): Promise<boolean> {
  return anyUserExists(ctx.db);
}

export async function activateUser(ctx: Context, userId: number): Promise<void> {
  await updateRow(ctx.db, userId, { is_active: 1 });
}

/**
 * Changes a person's address; `also` gets the old one and runs in the same transaction.
 * @throws RequestError 400 for an address that has an account.
 */
export async function changeEmail(
  ctx: Context,
  userId: number,
  email: string,
  also: (ctx: Context, before: string) => Promise<void>,
): Promise<void> {
  try {
    await inTransaction(ctx, async (ctx) => {
      const before = await readUser(ctx, userId);
      if (before.email !== email) {
        if (await emailIsTaken(ctx.db, email)) throw invalid({ new_email: [newEmailTaken] });
        await updateRow(ctx.db, userId, { email });
      }
      await also(ctx, before.email);
    });
  } catch (error) {
    if (factsOf(ctx.db).isUniqueViolation(error)) throw invalid({ new_email: [newEmailTaken] });
    throw error;
  }
}

export async function updateOnboarding(
  ctx: Context,
  { body }: InputOf<typeof endpoints.updateOnboarding>,
): Promise<void> {
  const { userId } = requireUser(ctx);
  await inTransaction(ctx, async (ctx) => {
    const { onboarding } = await readUser(ctx, userId);
    const done = new Map(onboarding?.tasks?.map((task) => [task.name, task.completed_at]));
    const tasks = body.tasks?.map(({ name }) => ({ name, completed_at: done.get(name) ?? ctx.now() }));
    const after = {
      ...onboarding,
      ...(tasks !== undefined && { tasks }),
      ...(body.tools !== undefined && { tools: body.tools }),
      ...(body.hosting_preferences !== undefined && { hosting_preferences: body.hosting_preferences }),
    };
    await updateRow(ctx.db, userId, { onboarding: JSON.stringify(after) });
  });
}

/** Takes name, address and password from an account that is closed. Its row stays for the audit log. Inside a transaction. */
export async function eraseUser(ctx: Context, userId: number): Promise<void> {
  const { uuid } = await readUser(ctx, userId);
  await updateRow(ctx.db, userId, {
    email: `closed-${uuid}@closed.invalid`,
    first_name: 'Closed',
    last_name: 'account',
    password_hash: 'no password fits this',
    is_active: 0,
    is_superuser: 0,
    onboarding: null,
    deleted_at: ctx.now(),
  });
}

/** Who has an address, and whether they can log in; null for nobody. */
export async function findByEmail(ctx: Context, email: string): Promise<{ userId: number; isActive: boolean } | null> {
  return findUserByEmail(ctx.db, email);
}

export async function setPasswordHash(ctx: Context, userId: number, passwordHash: string): Promise<void> {
  await updateRow(ctx.db, userId, { password_hash: passwordHash });
}

async function readUser(ctx: Context, userId: number): Promise<CurrentUser> {
  const user = await findUser(ctx.db, userId);
  if (user === null) throw notFound();
  return user;
}

const emailTaken = 'Email already exists. Please log in.';
const newEmailTaken = 'This e-mail address has an account already.';
const superuserExists = 'Only the first account of an installation can be created as its superuser.';
