import type { Opened } from './environments.ts';
import type { Log } from './log.ts';
import type { EdgeRequest } from './request.ts';
import type { UsageStore } from './usage/store.ts';

const languages = 'dotnet|elixir|flutter|go|java|js|kotlin-android|nodejs|php|python|ruby|rust|swift-ios';
const knownSdk = new RegExp(`^(flagsmith-(?:${languages})-sdk)/(\\S*)`);
const plainVersion = /^v?\d{1,5}(?:\.\d{1,5}){1,3}(?:-[0-9A-Za-z.-]{1,20})?$/;
const maxLabelLength = 255;

/** Which SDK sends a request: `<name>/<version>`, `<name>/unknown`, or null for anything that is no SDK we know. */
export function sdkLabel(request: EdgeRequest): string | null {
  const agent = request.header('flagsmith-sdk-user-agent') ?? request.header('user-agent');
  const match = agent === undefined ? null : knownSdk.exec(agent);
  if (match === null) return null;
  const [, name, version] = match as unknown as [string, string, string];
  return `${name}/${plainVersion.test(version) ? version : 'unknown'}`;
}

/** The application that a request names in its headers. */
export function applicationOf(request: EdgeRequest): { name: string | null; version: string | null } {
  const label = (header: string) => request.header(header)?.slice(0, maxLabelLength) || null;
  return { name: label('flagsmith-application-name'), version: label('flagsmith-application-version') };
}

/** Notes the first evaluation of an environment by an SDK that we know. The request does not wait for it. */
export function noteFirstEvaluation(request: {
  opened: Opened;
  request: EdgeRequest;
  usage: UsageStore;
  log: Log;
}): void {
  const { environment } = request.opened;
  if (environment.firstEvaluationNoted) return;
  const label = sdkLabel(request.request);
  if (label === null) return;
  environment.firstEvaluationNoted = true;
  request.usage.firstEvaluated({ environmentId: environment.id, sdkLabel: label }).catch((error: unknown) => {
    environment.firstEvaluationNoted = false;
    request.log.warn({ err: error }, 'the first evaluation of an environment could not be noted');
  });
}
