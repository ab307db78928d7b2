/**
 * A set of small numbers, one bit for each, 32 to a word. Words before the first and after the last one that is not 0 are not
 * stored, so that a set of neighbours costs little whatever the largest number is. Sets are never changed.
 */
export class Bits {
  /** Index of the first stored word. */
  private readonly offset: number
  private readonly words: Uint32Array

  /** @param words of which neither the first nor the last one is 0 */
  private constructor(offset: number, words: Uint32Array) {
    this.offset = offset
    this.words = words
  }

  static readonly none = new Bits(0, new Uint32Array(0))

  /** All numbers from 0 to below `count`. */
  static below(count: number): Bits {
    if (count === 0) return Bits.none
    const words = new Uint32Array((count + 31) >>> 5).fill(0xffffffff)
    if ((count & 31) !== 0) words[words.length - 1] = (1 << (count & 31)) - 1
    return new Bits(0, words)
  }

  /** @param numbers in any order; the same one may come several times */
  static of(numbers: Iterable<number>): Bits {
    const all = [...numbers]
    if (all.length === 0) return Bits.none
    let [least, most] = [all[0] as number, all[0] as number]
    for (const number of all) {
      if (number < least) least = number
      if (number > most) most = number
    }
    const offset = least >>> 5
    const words = new Uint32Array((most >>> 5) - offset + 1)
    for (const number of all) setBits(words, (number >>> 5) - offset, 1 << (number & 31))
    return new Bits(offset, words)
  }

  get isEmpty(): boolean {
    return this.words.length === 0
  }

  /** How many numbers are in the set. */
  get size(): number {
    let size = 0
    for (let at = 0; at < this.words.length; at++) size += ones(this.words[at] as number)
    return size
  }

  has(number: number): boolean {
    const at = (number >>> 5) - this.offset
    return at >= 0 && at < this.words.length && ((this.words[at] as number) & (1 << (number & 31))) !== 0
  }

  /** The numbers, least first. */
  *[Symbol.iterator](): Generator<number> {
    for (let at = 0; at < this.words.length; at++) {
      const base = (this.offset + at) << 5
      for (let word = this.words[at] as number; word !== 0; word &= word - 1) yield base + lowest(word)
    }
  }

  /** The least number; undefined for an empty set. */
  get first(): number | undefined {
    const [word] = this.words
    return word === undefined ? undefined : (this.offset << 5) + lowest(word)
  }

  equals(other: Bits): boolean {
    if (this.words.length !== other.words.length) return false
    if (this.words.length === 0) return true
    if (this.offset !== other.offset) return false
    for (let at = 0; at < this.words.length; at++) if (this.words[at] !== other.words[at]) return false
    return true
  }

  /** Whether both have a number in common. */
  meets(other: Bits): boolean {
    const from = Math.max(this.offset, other.offset)
    const to = Math.min(this.end, other.end)
    for (let at = from; at < to; at++)
      if (((this.words[at - this.offset] as number) & (other.words[at - other.offset] as number)) !== 0) return true
    return false
  }

  and(other: Bits): Bits {
    if (this === other) return this
    let from = Math.max(this.offset, other.offset)
    let to = Math.min(this.end, other.end)
    const common = (at: number) => (this.words[at - this.offset] as number) & (other.words[at - other.offset] as number)
    while (from < to && common(from) === 0) from++
    while (from < to && common(to - 1) === 0) to--
    if (from >= to) return Bits.none
    const words = new Uint32Array(to - from)
    for (let at = from; at < to; at++) words[at - from] = common(at)
    return new Bits(from, words)
  }

  or(other: Bits): Bits {
    if (other.words.length === 0 || this === other) return this
    if (this.words.length === 0) return other
    const from = Math.min(this.offset, other.offset)
    const words = new Uint32Array(Math.max(this.end, other.end) - from)
    words.set(this.words, this.offset - from)
    const shift = other.offset - from
    for (let at = 0; at < other.words.length; at++) setBits(words, at + shift, other.words[at] as number)
    return new Bits(from, words)
  }

  /** What is in this set and not in the other. */
  without(other: Bits): Bits {
    if (!this.meets(other)) return this
    const words = this.words.slice()
    const from = Math.max(this.offset, other.offset)
    const to = Math.min(this.end, other.end)
    for (let at = from; at < to; at++) {
      const kept = ~(other.words[at - other.offset] as number)
      words[at - this.offset] = (words[at - this.offset] as number) & kept
    }
    let [first, last] = [0, words.length]
    while (first < last && words[first] === 0) first++
    while (first < last && words[last - 1] === 0) last--
    return first === last ? Bits.none : new Bits(this.offset + first, words.subarray(first, last))
  }

  /** Adds the numbers to words that begin with number 0. */
  addTo(words: Uint32Array): void {
    for (let at = 0; at < this.words.length; at++) setBits(words, at + this.offset, this.words[at] as number)
  }

  /** The numbers whose bits are set in words that begin with number 0. The words are copied. */
  static from(words: Uint32Array): Bits {
    let [first, last] = [0, words.length]
    while (first < last && words[first] === 0) first++
    while (first < last && words[last - 1] === 0) last--
    return first === last ? Bits.none : new Bits(first, words.slice(first, last))
  }

  private get end(): number {
    return this.offset + this.words.length
  }
}

function setBits(words: Uint32Array, at: number, bits: number): void {
  words[at] = (words[at] as number) | bits
}

const lowest = (word: number): number => 31 - Math.clz32(word & -word)

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}

/** The union of many sets, made without a set for each step. */
export class BitsUnion {
  private readonly words: Uint32Array

  /** @param count numbers are smaller than this */
  constructor(count: number) {
    this.words = new Uint32Array((count + 31) >>> 5)
  }

  add(bits: Bits): void {
    bits.addTo(this.words)
  }

  bits(): Bits {
    return Bits.from(this.words)
  }
}
