const dayMs = 86_400_000;

/** Days in UTC, written `2026-01-31`, from the first to the last. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += dayMs) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

/** Today in UTC, or so many days ago. */
export function dayAgo(days: number, now = Date.now()): string {
  return new Date(now - days * dayMs).toISOString().slice(0, 10);
}

/** `31 Jan`, in the language of the browser. */
export function shortDay(day: string): string {
  return new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(day));
}

/** How many whole days ago a time was. */
export function daysSince(time: string, now = Date.now()): number {
  return Math.floor((now - Date.parse(time)) / dayMs);
}
