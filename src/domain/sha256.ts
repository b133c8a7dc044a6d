/**
 * SHA-256 (FIPS 180-4), synchronous and without a platform: the pure rooms name things by content and order units by hash,
 * and may import neither Node nor Web Crypto.
 */

const ROUND_CONSTANTS = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
const INITIAL_STATE = new Int32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const BLOCK_BYTES = 64;
const LENGTH_OFFSET_BYTES = 56;
const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

// Scratch space: the functions below are synchronous and never re-enter, so one set serves every call.
const words = new Int32Array(64);
const schedule = new Int32Array(64);
const state = new Int32Array(8);
let bytes = new Uint8Array(1024);

function sum0(x: number): number {
  return ((x >>> 2) | (x << 30)) ^ ((x >>> 13) | (x << 19)) ^ ((x >>> 22) | (x << 10));
}

function sum1(x: number): number {
  return ((x >>> 6) | (x << 26)) ^ ((x >>> 11) | (x << 21)) ^ ((x >>> 25) | (x << 7));
}

/** Message schedule of one block, the round constants added in. */
function expand(offset: number): void {
  for (let t = 0, at = offset; t < 16; t++, at += 4) {
    words[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    schedule[t] = words[t]! + ROUND_CONSTANTS[t]!;
  }
  for (let t = 16; t < 64; t++) {
    const w15 = words[t - 15]!;
    const w2 = words[t - 2]!;
    const s0 = ((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3);
    const s1 = ((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10);
    const word = (words[t - 16]! + s0 + words[t - 7]! + s1) | 0;
    words[t] = word;
    schedule[t] = word + ROUND_CONSTANTS[t]!;
  }
}

/** One block. Eight rounds at a time, so that the eight variables change roles instead of places. */
function compress(offset: number): void {
  expand(offset);
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t += 8) {
    h = (h + sum1(e) + (g ^ (e & (f ^ g))) + schedule[t + 0]!) | 0;
    d = (d + h) | 0;
    h = (h + sum0(a) + ((a & b) | (c & (a | b)))) | 0;
    g = (g + sum1(d) + (f ^ (d & (e ^ f))) + schedule[t + 1]!) | 0;
    c = (c + g) | 0;
    g = (g + sum0(h) + ((h & a) | (b & (h | a)))) | 0;
    f = (f + sum1(c) + (e ^ (c & (d ^ e))) + schedule[t + 2]!) | 0;
    b = (b + f) | 0;
    f = (f + sum0(g) + ((g & h) | (a & (g | h)))) | 0;
    e = (e + sum1(b) + (d ^ (b & (c ^ d))) + schedule[t + 3]!) | 0;
    a = (a + e) | 0;
    e = (e + sum0(f) + ((f & g) | (h & (f | g)))) | 0;
    d = (d + sum1(a) + (c ^ (a & (b ^ c))) + schedule[t + 4]!) | 0;
    h = (h + d) | 0;
    d = (d + sum0(e) + ((e & f) | (g & (e | f)))) | 0;
    c = (c + sum1(h) + (b ^ (h & (a ^ b))) + schedule[t + 5]!) | 0;
    g = (g + c) | 0;
    c = (c + sum0(d) + ((d & e) | (f & (d | e)))) | 0;
    b = (b + sum1(g) + (a ^ (g & (h ^ a))) + schedule[t + 6]!) | 0;
    f = (f + b) | 0;
    b = (b + sum0(c) + ((c & d) | (e & (c | d)))) | 0;
    a = (a + sum1(f) + (h ^ (f & (g ^ h))) + schedule[t + 7]!) | 0;
    e = (e + a) | 0;
    a = (a + sum0(b) + ((b & c) | (d & (b | c)))) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

/**
 * Writes the UTF-8 form of `text` into the scratch bytes from `start` and returns its end; a lone surrogate becomes U+FFFD, as every
 * encoder does.
 */
function encodeUtf8(text: string, start: number): number {
  const bytesMax = start + 3 * text.length + BLOCK_BYTES + 9;
  if (bytes.length < bytesMax) bytes = new Uint8Array(2 * bytesMax);
  let at = start;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 0x3f);
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) {
      const low = text.charCodeAt(i + 1);
      if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        i++;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        bytes[at++] = 0xf0 | (code >> 18);
        bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
        bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
        bytes[at++] = 0x80 | (code & 0x3f);
        continue;
      }
      code = 0xfffd;
    }
    bytes[at++] = 0xe0 | (code >> 12);
    bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    bytes[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}

/** Leaves the digest of the first `length` scratch bytes in `state`. */
function digest(length: number): void {
  const blocks = Math.ceil((length + 9) / BLOCK_BYTES);
  const end = blocks * BLOCK_BYTES;
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  const bitsHigh = Math.floor(length / 2 ** 29);
  const bitsLow = (length * 8) >>> 0;
  const lengthAt = end - BLOCK_BYTES + LENGTH_OFFSET_BYTES;
  for (let i = 0; i < 4; i++) {
    bytes[lengthAt + i] = bitsHigh >>> (24 - 8 * i);
    bytes[lengthAt + 4 + i] = bitsLow >>> (24 - 8 * i);
  }
  state.set(INITIAL_STATE);
  for (let block = 0; block < blocks; block++) compress(block * BLOCK_BYTES);
}

/**
 * Lower-case hexadecimal SHA-256 of the UTF-8 form of `text`.
 *
 * @returns 64 characters. Source: FIPS 180-4; checked against the platform's implementation by a property test.
 */
export function sha256Hex(text: string): string {
  digest(encodeUtf8(text, 0));
  let hex = '';
  for (const word of state) {
    hex +=
      HEX_BYTES[word >>> 24]! +
      HEX_BYTES[(word >>> 16) & 255]! +
      HEX_BYTES[(word >>> 8) & 255]! +
      HEX_BYTES[word & 255]!;
  }
  return hex;
}

/**
 * The first 32 bits of the SHA-256 of `text`, as an unsigned integer: enough to order by, or to assign by, without building a
 * string per unit. Order by it agrees with the order of `sha256Hex` except between equal values.
 */
export function sha256Prefix32(text: string): number {
  digest(encodeUtf8(text, 0));
  return state[0]! >>> 0;
}

/**
 * `sha256Prefix32(prefix + text)` for many texts: the prefix is encoded once and no joined string is built.
 *
 * @param prefix must not end in half of a surrogate pair
 */
export function prefix32Hasher(prefix: string): (text: string) => number {
  const encoded = bytes.slice(0, encodeUtf8(prefix, 0));
  return (text) => {
    const length = encodeUtf8(text, encoded.length);
    bytes.set(encoded);
    digest(length);
    return state[0]! >>> 0;
  };
}
