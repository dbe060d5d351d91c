import { expect, test } from 'vitest';
import { laterThan, now, plusSeconds, toTimestamp } from './time.ts';

test('now has microseconds and sorts as text', () => {
  const first = now();
  const second = now();

  expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect([second, first].toSorted()).toEqual([first, second]);
});

test('a step never shares its time with the one before', () => {
  expect(laterThan('2026-01-02T03:04:05.999999Z', '2026-01-02T03:04:05.999999Z')).toBe('2026-01-02T03:04:06.000000Z');
  expect(laterThan('2026-01-02T03:04:05.000001Z', '2026-01-01T00:00:00.000000Z')).toBe('2026-01-02T03:04:05.000002Z');
  expect(laterThan('2026-01-02T03:04:05.000001Z', '2026-01-02T03:04:05.000009Z')).toBe('2026-01-02T03:04:05.000009Z');
});

test('seconds are added over the end of a year', () => {
  expect(plusSeconds('2026-12-31T23:59:59.123456Z', 2)).toBe('2027-01-01T00:00:01.123456Z');
});

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000Z'],
  ['2026-01-02T03:04:05.5+02:00', '2026-01-02T01:04:05.500000Z'],
  ['2026-01-02T03:04:05.123456789-0530', '2026-01-02T08:34:05.123456Z'],
  ['2026-13-02T03:04:05Z', null],
  ['2026-01-02', null],
  ['soon', null],
])('%s is the moment %s', (text, moment) => {
  expect(toTimestamp(text)).toBe(moment);
});
