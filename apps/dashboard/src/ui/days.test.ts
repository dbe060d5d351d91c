import { expect, test } from 'vitest';
import { dayAgo, daysBetween, daysSince } from './days.ts';

test('days between two, both among them', () => {
  expect(daysBetween('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
});

test('a day some days ago, and how many days ago a time was', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');

  expect(dayAgo(1, now)).toBe('2026-02-28');
  expect(daysSince('2026-02-27T13:00:00Z', now)).toBe(1);
});
