/** SHA-256 at once: a browser's own is asynchronous, and absent from pages without TLS. Not for secrets. */

const WORD = 2 ** 32;

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return true;
}

const PRIMES: readonly number[] = Array.from({ length: 312 }, (_, i) => i)
  .filter((n) => n >= 2 && isPrime(n))
  .slice(0, 64);
// FIPS 180-4: the first 32 bits of the fractional parts of the primes' square and cube roots.
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * WORD);
const START: readonly number[] = PRIMES.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
const K: readonly number[] = PRIMES.map((p) => fraction(Math.cbrt(p)));

/** Gives the 32 bytes of a text's SHA-256; the text is taken as UTF-8. */
export function sha256(text: string): Uint8Array {
  const padded = pad(new TextEncoder().encode(text));
  const state = Uint32Array.from(START);
  for (let at = 0; at < padded.byteLength; at += 64) {
    mix(state, new DataView(padded.buffer, at, 64));
  }
  const digest = new Uint8Array(32);
  const view = new DataView(digest.buffer);
  state.forEach((word, i) => view.setUint32(i * 4, word));
  return digest;
}

function pad(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  return padded;
}

function mix(state: Uint32Array, block: DataView): void {
  const w = schedule(block);
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i += 1) {
    const choice = (e & f) ^ (~e & g);
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + (K[i] ?? 0) + (w[i] ?? 0)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] ?? 0) + word));
}

function schedule(block: DataView): Uint32Array {
  const w = new Uint32Array(64);
  for (let i = 0; i < 16; i += 1) w[i] = block.getUint32(i * 4);
  for (let i = 16; i < 64; i += 1) {
    const [x = 0, y = 0] = [w[i - 15], w[i - 2]];
    const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1;
  }
  return w;
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
