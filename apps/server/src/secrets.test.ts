import { expect, test } from 'vitest';
import { createVault, randomHex, randomText, sha256 } from './secrets.ts';

test('what a vault encrypts, the same secret decrypts', () => {
  const sealed = createVault('a secret').encrypt('ser.käse');

  expect(sealed).not.toContain('käse');
  expect(createVault('a secret').decrypt(sealed)).toBe('ser.käse');
});

test('the same text is never encrypted alike', () => {
  const vault = createVault('a secret');

  expect(vault.encrypt('x')).not.toBe(vault.encrypt('x'));
});

test.each(['', 'AAAA', 'not base64 at all'])('nothing comes out of %j', (text) => {
  expect(createVault('a secret').decrypt(text)).toBeNull();
});

test('another secret, or a changed byte, gives nothing', () => {
  const sealed = createVault('a secret').encrypt('x');
  const changed = Buffer.from(sealed, 'base64');
  changed[20] = (changed[20] ?? 0) ^ 1;

  expect(createVault('another secret').decrypt(sealed)).toBeNull();
  expect(createVault('a secret').decrypt(changed.toString('base64'))).toBeNull();
});

test('random text has the length that was asked for and no look-alikes', () => {
  expect(randomText(22)).toMatch(/^[A-HJ-NP-Za-km-z2-9]{22}$/);
  expect(randomHex(40)).toMatch(/^[0-9a-f]{40}$/);
});

test('hashes are those of SHA-256', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
