/** A moment as it is stored and sent: ISO 8601 in UTC with microseconds, `2026-01-02T03:04:05.678901Z`. Sorts as text. */
export type Timestamp = string;

/** The present moment. */
export function now(): Timestamp {
  return fromMicroseconds(Math.round((performance.timeOrigin + performance.now()) * 1000));
}

/** The earliest moment that is `at` or later and after `previous`: two steps never share a time. */
export function laterThan(previous: Timestamp, at: Timestamp): Timestamp {
  return at > previous ? at : fromMicroseconds(toMicroseconds(previous) + 1);
}

/** Adds seconds to a moment. */
export function plusSeconds(time: Timestamp, seconds: number): Timestamp {
  return fromMicroseconds(toMicroseconds(time) + seconds * 1_000_000);
}

/** Any ISO 8601 text with an offset as the same moment in our form; null where it is no time. */
export function toTimestamp(text: string): Timestamp | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/i.exec(text);
  if (match === null) return null;
  const [, whole, fraction = '', zone] = match as unknown as [string, string, string | undefined, string];
  const milliseconds = Date.parse(`${whole}${zone.toUpperCase()}`);
  if (Number.isNaN(milliseconds)) return null;
  return fromMicroseconds(milliseconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6)));
}

function toMicroseconds(time: Timestamp): number {
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
}

function fromMicroseconds(microseconds: number): Timestamp {
  const seconds = Math.floor(microseconds / 1_000_000);
  const fraction = String(microseconds - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
