import { expect, test } from 'vitest';
import { createBodies } from './bodies.ts';

test('memory that was given back serves the next answer', () => {
  const bodies = createBodies();
  const first = bodies.lease(100);
  first.release();

  const second = bodies.lease(200);

  expect(second.bytes.length).toBe(200);
  expect(second.bytes.buffer).toBe(first.bytes.buffer);
});

test('memory that is in use is not given to another answer', () => {
  const bodies = createBodies();
  const first = bodies.lease(100);

  const second = bodies.lease(100);

  expect(second.bytes.buffer).not.toBe(first.bytes.buffer);
});

test('giving memory back twice does not hand it out twice', () => {
  const bodies = createBodies();
  const first = bodies.lease(100);
  first.release();
  first.release();

  const second = bodies.lease(100);
  const third = bodies.lease(100);

  expect(second.bytes.buffer).not.toBe(third.bytes.buffer);
});

test('a large answer gets memory of its own', () => {
  const bodies = createBodies();

  const large = bodies.lease(1_000_000);
  large.release();

  expect(large.bytes.length).toBe(1_000_000);
});
