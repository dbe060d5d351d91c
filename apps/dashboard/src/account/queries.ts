import { call } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';

export const factors = () => read('listActiveMfaMethods', {});

export async function changeNames(first_name: string, last_name: string) {
  await call('patchCurrentUser', { body: { first_name, last_name } });
  await refresh('getSession');
}

export const changePassword = (current: string, next: string) =>
  call('setPassword', { body: { current_password: current, new_password: next, re_new_password: next } });

export async function changeAddress(password: string, email: string) {
  await call('setEmail', { body: { new_email: email, current_password: password } });
  await refresh('getSession');
}

/** A new secret for the authenticator app; the factor is on once a code of it was given. */
export const beginFactor = () => call('activateMfa', { params: { method: 'app' } });

export async function confirmFactor(code: string) {
  const answer = await call('confirmMfa', { params: { method: 'app' }, body: { code } });
  await refresh('listActiveMfaMethods');
  return answer.backup_codes;
}

export const applications = () => read('listAuthorisedApplications', {});

export async function endApplication(clientId: string) {
  await call('revokeAuthorisedApplication', { params: { client_id: clientId } });
  await refresh('listAuthorisedApplications');
}

export async function endFactor(password: string) {
  await call('deactivateMfa', { params: { method: 'app' }, body: { current_password: password } });
  await refresh('listActiveMfaMethods');
}

/** Ends every login of the account but this one. */
export const endOtherSessions = () => call('endOtherSessions', {});

export const closeAccount = (password: string, deleteOrphanOrganisations: boolean) =>
  call('closeAccount', {
    body: { current_password: password, delete_orphan_organisations: deleteOrphanOrganisations },
  });
