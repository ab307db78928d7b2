import type {KeyedHash} from './keyed-hash.ts'
import {isKeptKey, isKeptPort, isKeptWord} from './public-words.ts'
import type {Renamer} from './renamer.ts'

/** After so many tries a word counts as having no free fake of its length: there are only 26 single letters. */
const MOST_TRIES = 200

/**
 * Replaces each word by a fake of the same shape, and always by the same one: a letter for a letter, a digit for a digit, and
 * other characters unchanged. So names stay valid in Kubernetes, and comments stay as long as they were, which decides whether
 * iptables cuts them.
 */
export class Pseudonyms {
  /** Replaces the parts of names by their fakes. */
  readonly renamer: Renamer = renamerOf(word => this.fake(word))

  private readonly hash: KeyedHash
  private readonly originals: ReadonlySet<string>
  private readonly fakes = new Map<string, string>()
  private readonly taken = new Set<string>()

  /** @param originals words that must not be left anywhere, so that no other word becomes one of them */
  constructor(hash: KeyedHash, originals: ReadonlySet<string>) {
    this.hash = hash
    this.originals = originals
  }

  /** Whether a word is a name, or a part of one, that occurs in the dump. */
  has(word: string): boolean {
    return this.originals.has(word)
  }

  /** The fake of a namespace, a pod, a policy, a node, a label's value or any other word. */
  fake(word: string): string {
    if (isKeptWord(word)) return word
    let fake = this.fakes.get(word)
    if (fake === undefined) {
      fake = this.draw(word)
      this.fakes.set(word, fake)
      this.taken.add(fake)
    }
    return fake
  }

  /** Whether a fake may still be given to a word. */
  isFree(fake: string): boolean {
    return !this.taken.has(fake) && !this.originals.has(fake) && !isKeptWord(fake) && !isKeptPort(fake) && !isKeptKey(fake)
  }

  /** Sets the fake of a word that has none yet. */
  settle(word: string, fake: string): void {
    this.fakes.set(word, fake)
    this.taken.add(fake)
  }

  /** Whether the replacement of a word is decided. */
  isSettled(word: string): boolean {
    return isKeptWord(word) || this.fakes.has(word)
  }

  private candidate(word: string, number: number): string {
    return ofShape(word, this.hash.ofText(`word ${number} ${word}`, word.length))
  }

  private draw(word: string): string {
    for (let number = 0; number < MOST_TRIES; number++) {
      const fake = this.candidate(word, number)
      if (this.isFree(fake)) return fake
    }
    // All fakes of this length are taken, or the word has neither letters nor digits: the fake gets longer.
    for (let longer = `${word}a`; ; longer += 'a')
      for (let number = 0; number < MOST_TRIES; number++) {
        const fake = this.candidate(longer, number)
        if (this.isFree(fake)) return fake
      }
  }
}

const [ZERO, NINE, UPPER_A, UPPER_Z, LOWER_A, LOWER_Z] = Array.from('09AZaz', each => each.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
]

/** A renamer that replaces words with a function. Keys and ports that every cluster has stay. */
export const renamerOf = (fake: (word: string) => string): Renamer => ({
  word: fake,
  key: key => (isKeptKey(key) ? key : key.split('/').map(fake).join('/')),
  port: name => (isKeptPort(name) ? name : fake(name)),
})

/** A text of the same shape, its letters and digits drawn from bytes. Letters beyond ASCII become ASCII ones. */
export function ofShape(word: string, bytes: Uint8Array): string {
  let fake = ''
  for (let index = 0; index < word.length; index++) {
    const code = word.charCodeAt(index)
    const byte = bytes[index] as number
    if (code >= ZERO && code <= NINE) fake += String.fromCharCode(ZERO + (byte % 10))
    else if (code >= UPPER_A && code <= UPPER_Z) fake += String.fromCharCode(UPPER_A + (byte % 26))
    else if ((code >= LOWER_A && code <= LOWER_Z) || code > 127) fake += String.fromCharCode(LOWER_A + (byte % 26))
    else fake += word[index]
  }
  return fake
}
