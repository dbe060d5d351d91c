import type { OutboundRequest, OutboundResponse } from '../outbound/client.ts';

/** What happened, in the words that vendors are told: nothing in it is secret. */
export interface AuditEvent {
  changeId: number;
  /** A sentence, as in the audit log. */
  log: string;
  /** Null for the system and for master keys. */
  authorEmail: string | null;
  at: string;
  projectName: string | null;
  environmentName: string | null;
  feature: { name: string; tags: string[] } | null;
  /** Of the state that changed, where it was one. */
  enabled: boolean | null;
  segmentName: string | null;
  /** The flags whose states of this environment changed; for Sentry. */
  flags: { name: string; action: 'created' | 'updated' | 'deleted'; stateId: number }[];
}

/** What is set of an integration, secrets included. */
export type IntegrationConfig = Record<string, unknown>;

/** How a vendor is told. */
export interface Vendor {
  /** What its settings are where they are left out. */
  defaults: IntegrationConfig;
  /** Settings that are not shown to those who may not change them. */
  secrets: string[];
  /** Settings that are addresses. */
  addresses: string[];
  /** Told of the changed states of its environment rather than of records of the audit log. */
  hearsOfFlags?: true;
  toRequest(config: IntegrationConfig, event: AuditEvent): OutboundRequest;
  /** For vendors that answer 200 to what they did not take. */
  problemOf?(response: OutboundResponse): string | null;
}

export const json = { 'content-type': 'application/json' };

/** An address of the vendor's API under what the customer gave as its beginning. */
export function under(baseUrl: unknown, path: string): string {
  return `${String(baseUrl).replace(/\/+$/, '')}/${path}`;
}

export function authorOf(event: AuditEvent): string {
  return event.authorEmail ?? 'system';
}

export function environmentOf(event: AuditEvent): string {
  return event.environmentName ?? 'unknown';
}

export function sentenceOf(event: AuditEvent): string {
  return `${event.log} by user ${authorOf(event)}`;
}
