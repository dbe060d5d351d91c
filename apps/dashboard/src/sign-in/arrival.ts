/** Where applications send people to be asked. */
export const consentPath = '/oauth/authorize';

/**
 * The address that the browser arrived with, as it was written. The router reads what stands in an address as values and writes
 * it anew, `1e5` as `100000`; an application compares what comes back with what it sent.
 */
export const arrivedAt = window.location.pathname + window.location.search;

/** Goes on after the login: with `navigate` inside the dashboard, and by loading the page where its address must stay as it is. */
export function goOn(next: string | undefined, navigate: (to: string) => unknown): void {
  if (next?.startsWith(`${consentPath}?`)) window.location.replace(next);
  else navigate(next ?? '/');
}
