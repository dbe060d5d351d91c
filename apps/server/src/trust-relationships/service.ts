import type * as endpoints from '@halyard/contract';
import type { InputOf, Page, TrustRelationship, TrustRelationshipChanges } from '@halyard/contract';
import { type OrganisationScope, openOrganisation, requireUser } from '../access/service.ts';
import { changeOrganisation } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { invalid, invalidTogether, notFound } from '../errors.ts';
import { insertBackingKey, revokeBackingKey } from '../master-keys/service.ts';
import { sha256 } from '../secrets.ts';
import {
  countTrustRelationships,
  findTrustRelationship,
  findTrustRelationships,
  insertTrustRelationship,
  type StoredTrustRelationship,
  updateTrustRelationship as updateRow,
} from './store.ts';

export async function listTrustRelationships(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listTrustRelationships>,
): Promise<Page<TrustRelationship>> {
  const { organisationId } = await open(ctx, params.organisation_id);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  const found = await findTrustRelationships(ctx.db, organisationId, window);
  return { count: await countTrustRelationships(ctx.db, organisationId), results: found.map(shown) };
}

export async function createTrustRelationship(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createTrustRelationship>,
): Promise<TrustRelationship> {
  const scope = await open(ctx, params.organisation_id);
  const { userId } = requireUser(ctx);
  check(body);
  return orTaken(ctx, () =>
    changeOrganisation(ctx, scope, async (ctx, record) => {
      const id = await insertTrustRelationship(ctx.db, {
        organisation_id: scope.organisationId,
        master_key_id: await insertBackingKey(ctx, scope, body.name),
        name: body.name,
        issuer: body.issuer,
        audience: body.audience,
        origin_hash: originHash(body),
        claim_rules: JSON.stringify(body.claim_rules),
        is_admin: 1,
        generation: 1,
        created_at: ctx.now(),
        created_by: userId,
        deleted_at: null,
      });
      const after = shown(await read(ctx, scope, id));
      const log = `New trust relationship created: ${after.name}`;
      record({ objectType: 'TRUST_RELATIONSHIP', objectId: id, changeType: 'CREATE', log, after });
      return after;
    }),
  );
}

export async function getTrustRelationship(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getTrustRelationship>,
): Promise<TrustRelationship> {
  const scope = await open(ctx, params.organisation_id);
  return shown(await read(ctx, scope, params.trust_relationship_id));
}

/** A change of whom it trusts voids the tokens that were given out. A repeat of what it is changes nothing. */
export async function updateTrustRelationship(
  ctx: Context,
  {
    params,
    body,
  }: { params: InputOf<typeof endpoints.getTrustRelationship>['params']; body: TrustRelationshipChanges },
): Promise<TrustRelationship> {
  const scope = await open(ctx, params.organisation_id);
  return orTaken(ctx, () =>
    changeOrganisation(ctx, scope, async (ctx, record) => {
      const stored = await read(ctx, scope, params.trust_relationship_id);
      const before = shown(stored);
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      const after: TrustRelationship = { ...before, ...given };
      check(after);
      if (JSON.stringify(before) === JSON.stringify(after)) return before;
      const trusts = ({ issuer, audience, claim_rules }: TrustRelationship) =>
        JSON.stringify([issuer, audience, claim_rules]);
      await updateRow(ctx.db, stored.id, {
        name: after.name,
        issuer: after.issuer,
        audience: after.audience,
        origin_hash: originHash(after),
        claim_rules: JSON.stringify(after.claim_rules),
        generation: stored.generation + Number(trusts(before) !== trusts(after)),
      });
      const log = `Trust relationship updated: ${after.name}`;
      record({ objectType: 'TRUST_RELATIONSHIP', objectId: stored.id, changeType: 'UPDATE', log, before, after });
      return after;
    }),
  );
}

export async function deleteTrustRelationship(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteTrustRelationship>,
): Promise<void> {
  const scope = await open(ctx, params.organisation_id);
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const stored = await read(ctx, scope, params.trust_relationship_id);
    await updateRow(ctx.db, stored.id, { deleted_at: ctx.now(), origin_hash: null });
    await revokeBackingKey(ctx, stored.master_key_id);
    const log = `Trust relationship deleted: ${stored.name}`;
    record({
      objectType: 'TRUST_RELATIONSHIP',
      objectId: stored.id,
      changeType: 'DELETE',
      log,
      before: shown(stored),
    });
  });
}

/** What there can be one of in the whole installation. */
export function originHash({ issuer, audience }: { issuer: string; audience: string }): string {
  return sha256(JSON.stringify([issuer, audience]));
}

/** People decide whom to trust: neither a key nor a token of a trusted issuer can. */
async function open(ctx: Context, organisationId: number): Promise<OrganisationScope> {
  requireUser(ctx);
  return openOrganisation(ctx, organisationId, 'ADMIN');
}

async function read(ctx: Context, scope: OrganisationScope, id: number): Promise<StoredTrustRelationship> {
  const found = await findTrustRelationship(ctx.db, scope.organisationId, id);
  if (found === null) throw notFound();
  return found;
}

/** @throws RequestError 400 for one without all rights, and for one that would trust everybody at a public service. */
function check(wanted: Pick<TrustRelationship, 'issuer' | 'is_admin' | 'claim_rules'>): void {
  if (!wanted.is_admin) throw invalid({ is_admin: [needsRoles] });
  if (wanted.claim_rules.length === 0 && publicIssuers.has(new URL(wanted.issuer).hostname)) {
    throw invalid({ claim_rules: [needsRule] });
  }
}

async function orTaken<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!factsOf(ctx.db).isUniqueViolation(error)) throw error;
    throw invalidTogether('The fields issuer, audience must make a unique set.');
  }
}

function shown(row: StoredTrustRelationship): TrustRelationship {
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    claim_rules: JSON.parse(row.claim_rules) as TrustRelationship['claim_rules'],
    is_admin: row.is_admin === 1,
    master_api_key_id: row.prefix,
    master_api_key_prefix: row.prefix,
  };
}

/** Where anybody gets a token for any audience that they like. */
const publicIssuers = new Set(['token.actions.githubusercontent.com', 'gitlab.com', 'accounts.google.com']);
const needsRoles = 'RBAC is not installed, cannot create non-admin trust relationship';
const needsRule = 'Anybody can get a token of this issuer. Please say whose to trust, with at least one rule.';
