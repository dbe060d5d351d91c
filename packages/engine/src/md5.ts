/**
 * MD5 (RFC 1321) over whole blocks in plain JavaScript. Here it spreads identities evenly over percentages and protects
 * nothing; the SDKs of all languages agree on it. Several times faster than a native call for the short texts we hash.
 */
export interface Md5State {
  a: number;
  b: number;
  c: number;
  d: number;
}

const sines = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);

/**
 * Digests `words`, a padded message of `wordCount` little-endian 32-bit words (16 per block), into `state`:
 * four words whose bytes, each taken little-endian, are the digest.
 */
export function md5Words(words: Int32Array, wordCount: number, state: Md5State): void {
  let a0 = 0x67452301;
  let b0 = 0xefcdab89 | 0;
  let c0 = 0x98badcfe | 0;
  let d0 = 0x10325476;
  for (let o = 0; o < wordCount; o += 16) {
    let a = a0;
    let b = b0;
    let c = c0;
    let d = d0;
    let t = 0;
    for (let i = 0; i < 16; i += 4) {
      t = (a + ((b & c) | (~b & d)) + at(words, o + i) + at(sines, i)) | 0;
      a = (((t << 7) | (t >>> 25)) + b) | 0;
      t = (d + ((a & b) | (~a & c)) + at(words, o + i + 1) + at(sines, i + 1)) | 0;
      d = (((t << 12) | (t >>> 20)) + a) | 0;
      t = (c + ((d & a) | (~d & b)) + at(words, o + i + 2) + at(sines, i + 2)) | 0;
      c = (((t << 17) | (t >>> 15)) + d) | 0;
      t = (b + ((c & d) | (~c & a)) + at(words, o + i + 3) + at(sines, i + 3)) | 0;
      b = (((t << 22) | (t >>> 10)) + c) | 0;
    }
    for (let i = 16; i < 32; i += 4) {
      t = (a + ((d & b) | (~d & c)) + at(words, o + ((5 * i + 1) & 15)) + at(sines, i)) | 0;
      a = (((t << 5) | (t >>> 27)) + b) | 0;
      t = (d + ((c & a) | (~c & b)) + at(words, o + ((5 * i + 6) & 15)) + at(sines, i + 1)) | 0;
      d = (((t << 9) | (t >>> 23)) + a) | 0;
      t = (c + ((b & d) | (~b & a)) + at(words, o + ((5 * i + 11) & 15)) + at(sines, i + 2)) | 0;
      c = (((t << 14) | (t >>> 18)) + d) | 0;
      t = (b + ((a & c) | (~a & d)) + at(words, o + ((5 * i) & 15)) + at(sines, i + 3)) | 0;
      b = (((t << 20) | (t >>> 12)) + c) | 0;
    }
    for (let i = 32; i < 48; i += 4) {
      t = (a + (b ^ c ^ d) + at(words, o + ((3 * i + 5) & 15)) + at(sines, i)) | 0;
      a = (((t << 4) | (t >>> 28)) + b) | 0;
      t = (d + (a ^ b ^ c) + at(words, o + ((3 * i + 8) & 15)) + at(sines, i + 1)) | 0;
      d = (((t << 11) | (t >>> 21)) + a) | 0;
      t = (c + (d ^ a ^ b) + at(words, o + ((3 * i + 11) & 15)) + at(sines, i + 2)) | 0;
      c = (((t << 16) | (t >>> 16)) + d) | 0;
      t = (b + (c ^ d ^ a) + at(words, o + ((3 * i + 14) & 15)) + at(sines, i + 3)) | 0;
      b = (((t << 23) | (t >>> 9)) + c) | 0;
    }
    for (let i = 48; i < 64; i += 4) {
      t = (a + (c ^ (b | ~d)) + at(words, o + ((7 * i) & 15)) + at(sines, i)) | 0;
      a = (((t << 6) | (t >>> 26)) + b) | 0;
      t = (d + (b ^ (a | ~c)) + at(words, o + ((7 * i + 7) & 15)) + at(sines, i + 1)) | 0;
      d = (((t << 10) | (t >>> 22)) + a) | 0;
      t = (c + (a ^ (d | ~b)) + at(words, o + ((7 * i + 14) & 15)) + at(sines, i + 2)) | 0;
      c = (((t << 15) | (t >>> 17)) + d) | 0;
      t = (b + (d ^ (c | ~a)) + at(words, o + ((7 * i + 21) & 15)) + at(sines, i + 3)) | 0;
      b = (((t << 21) | (t >>> 11)) + c) | 0;
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  state.a = a0;
  state.b = b0;
  state.c = c0;
  state.d = d0;
}

/** The callers above stay inside the array; inlined away by every optimising engine. */
function at(array: Int32Array, index: number): number {
  return array[index] as number;
}
