import { daysSince } from '../ui/days.ts';

/** After how many days without an evaluation somebody should be told. */
const idleAfterDays = 30;

/** What to say of a feature that nobody asked for, or not for long; null where it is in use. */
export function idleText(lastEvaluated: string | null, now = Date.now()): string | null {
  if (lastEvaluated === null) return 'never evaluated';
  const days = daysSince(lastEvaluated, now);
  return days > idleAfterDays ? `not evaluated for ${days} days` : null;
}
