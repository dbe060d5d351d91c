/** Where evaluation counts go. A promise that resolves means durable. */
export interface UsageStore {
  /** Adds counts to their hourly buckets. */
  add(counts: readonly EvaluationCount[]): Promise<void>;
  /**
   * Adds answered requests to their daily buckets, those of one environment all or none. Answers those that the store cannot
   * take just now, to be given again: nothing of them was added. What it can never take is left out.
   */
  addRequests(counts: readonly RequestCount[]): Promise<RequestCount[]>;
  /** Notes that an SDK evaluated this environment for the first time; later calls change nothing. */
  firstEvaluated(request: { environmentId: number; sdkLabel: string }): Promise<void>;
}

/** What a request asked for. OFREP asks for flags. */
export type RequestKind = 'flags' | 'identities' | 'traits' | 'environment_document';

export interface RequestCount {
  environmentId: number;
  kind: RequestKind;
  count: number;
  /** `<name>/<version>` of a known SDK. */
  sdkUserAgent: string | null;
  applicationName: string | null;
  applicationVersion: string | null;
}

export interface EvaluationCount {
  environmentId: number;
  /** As the feature is spelled in its project. */
  featureName: string;
  count: number;
  /** Known from analytics v2 only. */
  enabled: boolean | null;
  /** `<name>/<version>` of a known SDK. */
  sdkUserAgent: string | null;
  applicationName: string | null;
  applicationVersion: string | null;
}
