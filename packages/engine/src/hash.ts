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
  const bytes = encoder.encode(`${seed},`);
  const seedWords = new Int32Array((bytes.length >>> 2) + 1);
  new Uint8Array(seedWords.buffer).set(bytes);
  const shared = bytes.length >>> 2;
  const shift = bytes.length & 3;
  return (id) => {
    if (id !== idInUse) useId(id);
    const length = bytes.length + idLength;
    if (length > longestPrepared) return splitPercentage([seed, id]);
    const rest = idWords[shift] as Int32Array;
    const restWords = (shift + idLength + 4) >>> 2;
    for (let i = 0; i < shared; i++) message[i] = seedWords[i] as number;
    message[shared] = (seedWords[shared] as number) | (rest[0] as number);
    for (let i = 1; i < restWords; i++) message[shared + i] = rest[i] as number;
    const percentage = percentageOf(message, shared + restWords, length);
    return percentage < 100 ? percentage : splitPercentage([seed, id]);
  };
}

const encoder = new TextEncoder();
const digest: Md5State = { a: 0, b: 0, c: 0, d: 0 };

/** In bytes of seed and id together: what fits the buffers with its padding. Longer ones are hashed without preparation. */
const longestPrepared = 247;
const message = new Int32Array(64);

// One identity is hashed against many seeds in a row, so its bytes are kept as words. A seed may end anywhere in a word, so
// they are kept four times, each starting one byte later, with the bit that ends a message after them.
let idInUse: string | undefined;
let idLength = 0;
const idWords = [0, 1, 2, 3].map(() => new Int32Array(64));
const idBytes = idWords.map((words) => new Uint8Array(words.buffer));

function useId(id: string): void {
  const unshifted = idBytes[0] as Uint8Array;
  idInUse = id;
  idLength = encodeShort(id, unshifted);
  if (idLength > longestPrepared) return;
  for (let shift = 3; shift >= 0; shift--) {
    const target = idBytes[shift] as Uint8Array;
    const end = shift + idLength;
    for (let i = idLength - 1; i >= 0; i--) target[shift + i] = unshifted[i] as number;
    target[end] = endOfMessage;
    for (let i = end + 1; (i & 3) !== 0; i++) target[i] = 0;
  }
}

/** Writes a text into `target` and returns its bytes, or infinity where they are too many. A loop is faster for ASCII than a call. */
function encodeShort(text: string, target: Uint8Array): number {
  const { length } = text;
  if (length > longestPrepared) return Number.POSITIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) {
      const { read, written } = encoder.encodeInto(text, target);
      return read === length && written <= longestPrepared ? written : Number.POSITIVE_INFINITY;
    }
    target[i] = unit;
  }
  return length;
}

const endOfMessage = 0x80;

function percentageOfText(text: string): number {
  const bytes = encoder.encode(text);
  const words = new Int32Array(wordsOfBlocks(bytes.length));
  const target = new Uint8Array(words.buffer);
  target.set(bytes);
  target[bytes.length] = endOfMessage;
  return percentageOf(words, words.length, bytes.length);
}

/** `words` hold a message of `length` bytes and the bit that ends it in their first `usedWords`. They are little-endian, as JavaScript is everywhere it runs. */
function percentageOf(words: Int32Array, usedWords: number, length: number): number {
  const wordCount = wordsOfBlocks(length);
  for (let i = usedWords; i < wordCount; i++) words[i] = 0;
  words[wordCount - 2] = length << 3;
  words[wordCount - 1] = length >>> 29;
  md5Words(words, wordCount, digest);
  // 2 ** 32 % 9999 = 6835. Each step stays within 31 bits, where a remainder is one machine instruction.
  let rest = bigEndian(digest.a) % 9999;
  rest = (rest * 6835 + (bigEndian(digest.b) % 9999)) % 9999;
  rest = (rest * 6835 + (bigEndian(digest.c) % 9999)) % 9999;
  rest = (rest * 6835 + (bigEndian(digest.d) % 9999)) % 9999;
  return (rest / 9998) * 100;
}

function wordsOfBlocks(length: number): number {
  return (((length + 8) >>> 6) + 1) << 4;
}

function bigEndian(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
