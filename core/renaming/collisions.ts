import {fnv1a32} from '../names/hash.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {ofShape, type Pseudonyms, renamerOf} from './pseudonyms.ts'
import {renameSet} from './rename-set.ts'
import {type Renamer, renamePolicy} from './renamer.ts'
import type {Vocabulary} from './vocabulary.ts'

/**
 * How many fakes are tried for each of two words. One pair of names in 2³² shares a 32-bit hash, so about 16 of these 2¹⁷ × 2¹⁹
 * pairs do. For SHA-256 no such pair is known.
 */
const FIRST_FAKES = 2 ** 17
const OTHER_FAKES = 2 ** 19
/** Collisions that are kept at most. Each costs up to a second, and a cluster rarely has more than one. */
const MOST_KEPT = 8

/** Spells one name, whose hash counts, with the words of a renamer. */
type Spell = (renamer: Renamer) => string

/**
 * Chooses the fakes of names that share a hash so that the new names share one too. The redacted dump then still shows what the
 * node does because of it. Words that are too short have too few fakes for that: their new names do not collide, and docs/dump.md
 * says what follows.
 */
export function keepCollisions(words: Pseudonyms, vocabulary: Vocabulary, hash: KeyedHash): void {
  const pairs = [...sharedSets(vocabulary), ...sharedChains(vocabulary)]
  for (const [index, [one, other]] of pairs.slice(0, MOST_KEPT).entries()) keepOne(words, one, other, hash.derive(String(index)))
}

function* sharedSets(vocabulary: Vocabulary): Generator<[Spell, Spell]> {
  for (const names of vocabulary.sets.values()) {
    const [one, other] = names
    if (one?.scheme !== 'fnv32a' || !other) continue
    yield [renamer => renameSet(one, renamer, vocabulary), renamer => renameSet(other, renamer, vocabulary)]
  }
}

function* sharedChains({policiesOfDigest, hashes}: Vocabulary): Generator<[Spell, Spell]> {
  // What two policies share that is no hash says nothing of their hashes.
  for (const [digest, [one, other]] of policiesOfDigest)
    if (hashes.has(digest) && one !== undefined && other !== undefined)
      yield [renamer => renamePolicy(one, renamer), renamer => renamePolicy(other, renamer)]
}

function keepOne(words: Pseudonyms, one: Spell, other: Spell, hash: KeyedHash): void {
  const ofOne = wordsOf(one)
  const ofOther = wordsOf(other)
  const free = (mine: ReadonlySet<string>, its: ReadonlySet<string>) =>
    [...mine].filter(word => !its.has(word) && !words.isSettled(word)).toSorted((a, b) => b.length - a.length)[0]
  const first = free(ofOne, ofOther)
  const second = free(ofOther, ofOne)
  if (first === undefined || second === undefined) return
  const random = randomBytes(hash)
  const spelled = (spell: Spell, word: string, fake: string) =>
    fnv1a32(spell(renamerOf(each => (each === word ? fake : words.fake(each)))))
  const fakes = new Map<number, string>()
  for (let count = 0; count < FIRST_FAKES; count++) {
    const fake = ofShape(first, random(first.length))
    if (words.isFree(fake)) fakes.set(spelled(one, first, fake), fake)
  }
  for (let count = 0; count < OTHER_FAKES; count++) {
    const fake = ofShape(second, random(second.length))
    const found = fakes.get(spelled(other, second, fake))
    if (found === undefined || found === fake || !words.isFree(fake)) continue
    words.settle(first, found)
    words.settle(second, fake)
    return
  }
}

/** The words of a name that are replaced. */
function wordsOf(spell: Spell): Set<string> {
  const met = new Set<string>()
  spell(
    renamerOf(word => {
      met.add(word)
      return word
    }),
  )
  return met
}

/** Pseudo-random bytes, fast: sfc32 by Chris Doty-Humphrey, seeded with the key. */
function randomBytes(hash: KeyedHash): (length: number) => Uint8Array {
  const state = new Uint32Array(hash.ofText('seed', 16).slice().buffer)
  return length => {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) {
      const [a = 0, b = 0, c = 0, count = 0] = state
      const sum = (a + b + count) | 0
      state[0] = b ^ (b >>> 9)
      state[1] = (c + (c << 3)) | 0
      state[2] = ((c << 21) | (c >>> 11)) + sum
      state[3] = count + 1
      bytes[index] = sum >>> 24
    }
    return bytes
  }
}
