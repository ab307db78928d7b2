/**
 * SHA-256 of short ASCII texts, without allocations besides the result. A large cluster has tens of thousands of names, nearly all of
 * them short. The library takes four times as long for each, mostly for allocating objects.
 * Source: FIPS 180-4, sections 4.2.2, 5.3.3 and 6.2.
 */

/** The longest text, in bytes, that fits into one 64-byte block together with its padding and length. */
export const LONGEST_SHORT = 55

const ROUNDS = 64
const WORDS = 8

/** The first 32 bits of the fractional parts of a root of the first primes. */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const found = new Int32Array(count)
  let at = 0
  for (let number = 2; at < count; number++) {
    if (hasDivisor(number)) continue
    found[at++] = (root(number) % 1) * 2 ** 32
  }
  return found
}

function hasDivisor(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return true
  return false
}

const constants = fractions(ROUNDS, Math.cbrt)
const start = fractions(WORDS, Math.sqrt)
const schedule = new Int32Array(ROUNDS)
const digest = new DataView(new ArrayBuffer(4 * WORDS))

/**
 * The SHA-256 digest of a short text.
 *
 * @param text ASCII, at most `LONGEST_SHORT` characters
 * @returns the digest as one big-endian integer
 */
export function shortSha256(text: string): bigint {
  schedule.fill(0, 0, 16)
  for (let at = 0; at < text.length; at++) put(at, text.charCodeAt(at))
  put(text.length, 0x80)
  schedule[15] = text.length * 8
  compress()
  return (
    (digest.getBigUint64(0) << 192n) |
    (digest.getBigUint64(8) << 128n) |
    (digest.getBigUint64(16) << 64n) |
    digest.getBigUint64(24)
  )
}

function put(at: number, byte: number): void {
  const index = at >> 2
  schedule[index] = (schedule[index] as number) | (byte << (24 - 8 * (at & 3)))
}

const turned = (value: number, bits: number): number => (value >>> bits) | (value << (32 - bits))

function compress(): void {
  for (let at = 16; at < ROUNDS; at++) {
    const a = schedule[at - 15] as number
    const b = schedule[at - 2] as number
    const small = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3)
    const large = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10)
    schedule[at] = (schedule[at - 16] as number) + small + (schedule[at - 7] as number) + large
  }
  let a = start[0] as number
  let b = start[1] as number
  let c = start[2] as number
  let d = start[3] as number
  let e = start[4] as number
  let f = start[5] as number
  let g = start[6] as number
  let h = start[7] as number
  for (let at = 0; at < ROUNDS; at++) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const first =
      (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + (constants[at] as number) + (schedule[at] as number)) | 0
    const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  give(0, a)
  give(1, b)
  give(2, c)
  give(3, d)
  give(4, e)
  give(5, f)
  give(6, g)
  give(7, h)
}

const give = (index: number, value: number): void => digest.setInt32(4 * index, (start[index] as number) + value)
