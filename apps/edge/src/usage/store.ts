/** Where evaluation counts go. A promise that resolves means durable. */
export interface UsageStore {
  /** Adds counts to their hourly buckets. */
  add(counts: readonly EvaluationCount[]): Promise<void>;
  /** Notes that an SDK evaluated this environment for the first time; later calls change nothing. */
  firstEvaluated(request: { environmentId: number; sdkLabel: string }): Promise<void>;
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
