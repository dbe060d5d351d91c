import type { FeatureValue } from '@halyard/contract';
import type { IdentityEvaluation } from '@halyard/edge';
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

interface Settings {
  /** What its settings are where they are left out. */
  defaults: IntegrationConfig;
  /** Settings that are not shown to those who may not change them. */
  secrets: string[];
  /** Settings that are addresses of the customer's choice. */
  addresses: string[];
  /** For vendors that answer 200 to what they did not take. */
  problemOf?(response: OutboundResponse): string | null;
}

/** A vendor that hears of records of the audit log, or of the changed states of its environment. */
export interface ChangeVendor extends Settings {
  hears: 'changes' | 'flags';
  toRequest(config: IntegrationConfig, event: AuditEvent): OutboundRequest;
}

/** A vendor that hears which flags identities are served. */
export interface IdentityVendor extends Settings {
  hears: 'identities';
  /** What it is told of an identity, as JSON text without secrets. The same text means that there is no news. */
  newsOf(evaluation: IdentityEvaluation): string;
  toRequest(config: IntegrationConfig, news: string): OutboundRequest;
  /** It may refuse now what it takes a little later. */
  triesAgainAfterRefusal?: true;
}

/** How a vendor is told. */
export type Vendor = ChangeVendor | IdentityVendor;

export const json = { 'content-type': 'application/json' };

/** What most vendors of identities are told: who, and the value of each flag. */
export interface IdentityNews {
  identifier: string;
  properties: Record<string, NonNullable<FeatureValue>>;
}

/** Reads what `newsOf` wrote. */
export function readNews(news: string): IdentityNews {
  return JSON.parse(news) as IdentityNews;
}

/** Writes `IdentityNews`: a flag that is on has its value, or true where it has none; one that is off has false. */
export function newsOf({ identifier, flags }: IdentityEvaluation): string {
  return newsWith(identifier, flags, (value) => value !== null);
}

/** The same for vendors for which an empty text and 0 are no values either. */
export function newsWithoutEmpty({ identifier, flags }: IdentityEvaluation): string {
  return newsWith(identifier, flags, Boolean);
}

function newsWith(
  identifier: string,
  flags: IdentityEvaluation['flags'],
  isValue: (value: FeatureValue) => boolean,
): string {
  const properties = Object.fromEntries(
    flags.map(({ name, enabled, value }) => [name, enabled && isValue(value) ? value : enabled]),
  );
  return JSON.stringify({ identifier, properties });
}

/** Basic authentication with a key and no password. */
export function keyAlone(key: unknown): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${String(key)}:`).toString('base64')}` };
}

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
