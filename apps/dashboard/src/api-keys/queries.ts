import type { TrustRelationship } from '@halyard/contract';
import { call, type Input } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';

const of = (organisation: number) => ({ params: { organisation_id: organisation } });
const everything = { query: { page_size: 999 } };

export const masterKeys = (organisation: number) => read('listMasterKeys', { ...of(organisation), ...everything });

/** Gives the whole key: it is never shown again. */
export async function createMasterKey(organisation: number, name: string, expiry: string | null) {
  const created = await call('createMasterKey', {
    ...of(organisation),
    body: { name, expiry_date: expiry } as Input<'createMasterKey'>['body'],
  });
  await refresh('listMasterKeys');
  return created;
}

export async function revokeMasterKey(organisation: number, prefix: string) {
  await call('deleteMasterKey', { params: { organisation_id: organisation, prefix } } as Input<'deleteMasterKey'>);
  await refresh('listMasterKeys');
}

export const trustRelationships = (organisation: number) =>
  read('listTrustRelationships', { ...of(organisation), ...everything });

export type TrustDraft = Pick<TrustRelationship, 'name' | 'issuer' | 'audience' | 'claim_rules'>;

/** Creates one, or replaces the one with that id. */
export async function saveTrustRelationship(organisation: number, id: number | undefined, draft: TrustDraft) {
  const body = { ...draft, is_admin: true };
  if (id === undefined) await call('createTrustRelationship', { ...of(organisation), body });
  else
    await call('updateTrustRelationship', {
      params: { organisation_id: organisation, trust_relationship_id: id },
      body,
    });
  await refresh('listTrustRelationships');
}

export async function deleteTrustRelationship(organisation: number, id: number) {
  await call('deleteTrustRelationship', { params: { organisation_id: organisation, trust_relationship_id: id } });
  await refresh('listTrustRelationships');
}
