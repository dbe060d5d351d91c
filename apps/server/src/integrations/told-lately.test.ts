import { expect, test } from 'vitest';
import { createToldLately } from './told-lately.ts';

test('what was told is known for half the time at least and for all of it at most', () => {
  let nowMs = 0;
  const told = createToldLately({ maxKeys: 100, forMs: 1000, nowMs: () => nowMs });
  nowMs = 499;
  told.set('ada', 'blue');

  const seen = [998, 999, 1500].map((at) => {
    nowMs = at;
    return told.get('ada');
  });

  expect(seen).toEqual(['blue', 'blue', undefined]);
});

test('after a long silence nothing is known', () => {
  let nowMs = 0;
  const told = createToldLately({ maxKeys: 100, forMs: 1000, nowMs: () => nowMs });
  told.set('ada', 'blue');

  nowMs = 5000;

  expect(told.get('ada')).toBeUndefined();
});

test('the oldest are forgotten where there are too many', () => {
  const told = createToldLately({ maxKeys: 10, forMs: 1000, nowMs: () => 0 });

  for (let i = 0; i < 20; i++) told.set(`user${i}`, 'blue');

  const known = Array.from({ length: 20 }, (_, i) => i).filter((i) => told.get(`user${i}`) !== undefined);
  expect(known.length).toBeLessThanOrEqual(10);
  expect(known).toContain(19);
});
