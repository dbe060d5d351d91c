import { type Md5State, md5Words } from './md5.ts';

/**
 * Where a list of ids falls between 0 and 100 (100 itself never comes out): the ids joined with commas, MD5, read as one
 * 128-bit big-endian number, modulo 9999, as a share of 9998. Whoever lands on 100 is hashed again with the list repeated.
 * The same number in every SDK, so a split stays where it is when it moves between server and client.
 */
export function splitPercentage(ids: readonly string[]): number {
  const text = ids.join(',');
  let repeated = text;
  for (;;) {
    const percentage = percentageOfText(repeated);
    if (percentage < 100) return percentage;
    repeated += `,${text}`;
  }
}

/** {@link splitPercentage} of `[seed, id]` with what the seed contributes prepared. */
export function compileSplit(seed: string): (id: string) => number {
  const prefix = encode(`${seed},`);
  return (id) => {
    const idBytes = bytesOf(id);
    const length = prefix.length + idBytes.length;
    if (length > longestReused) return splitPercentage([seed, id]);
    for (let i = 0; i < prefix.length; i++) bytes[i] = prefix[i] as number;
    for (let i = 0, o = prefix.length; i < idBytes.length; i++, o++) bytes[o] = idBytes[i] as number;
    const percentage = percentageOfBytes(bytes, words, length);
    return percentage < 100 ? percentage : splitPercentage([seed, id]);
  };
}

const longestReused = 1015;
const words = new Int32Array(256);
const bytes = new Uint8Array(words.buffer);
const state: Md5State = { a: 0, b: 0, c: 0, d: 0 };
const encoder = new TextEncoder();

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

// One identity is hashed against many seeds in a row: its bytes are made once.
let lastText = '';
let lastBytes: Uint8Array = new Uint8Array(0);
function bytesOf(text: string): Uint8Array {
  if (text === lastText) return lastBytes;
  const encoded = encode(text);
  if (encoded.length <= longestReused) {
    lastText = text;
    lastBytes = encoded;
  }
  return encoded;
}

function percentageOfText(text: string): number {
  const message = encode(text);
  const wordsNeeded = (((message.length + 8) >>> 6) + 1) << 4;
  const block = new Int32Array(wordsNeeded);
  const target = new Uint8Array(block.buffer);
  target.set(message);
  return percentageOfBytes(target, block, message.length);
}

/** `target` and `block` are one buffer, `length` its bytes in use. Its words are little-endian, as on every machine that runs JavaScript today. */
function percentageOfBytes(target: Uint8Array, block: Int32Array, length: number): number {
  const wordCount = (((length + 8) >>> 6) + 1) << 4;
  target[length] = 0x80;
  const firstFreeWord = (length + 4) >>> 2;
  for (let i = length + 1; i < firstFreeWord << 2; i++) target[i] = 0;
  for (let i = firstFreeWord; i < wordCount; i++) block[i] = 0;
  block[wordCount - 2] = length << 3;
  block[wordCount - 1] = length >>> 29;
  md5Words(block, wordCount, state);
  // 2 ** 32 % 9999 = 6835; every step stays far below 2 ** 53.
  let rest = bigEndian(state.a) % 9999;
  rest = (rest * 6835 + bigEndian(state.b)) % 9999;
  rest = (rest * 6835 + bigEndian(state.c)) % 9999;
  rest = (rest * 6835 + bigEndian(state.d)) % 9999;
  return (rest / 9998) * 100;
}

function bigEndian(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
