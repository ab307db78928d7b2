import {closestMatch} from 'leven'

/** More letters than these are another word, as in git's and kubectl's hints. */
const MOST_WRONG = 3

/**
 * The known word that somebody who typed another one probably meant.
 *
 * @returns undefined when no word is near
 */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  const words = [...known]
  // `pol` for `policies`: who stops in the middle of a word has made no mistake yet.
  const begun = typed.length > 1 ? words.filter(word => word.startsWith(typed)) : []
  if (begun.length === 1) return begun[0]
  // Of `name` only half is in `yaml`: it was not meant.
  const most = Math.min(MOST_WRONG, Math.max(Math.min(1, typed.length - 1), Math.ceil(typed.length / 2) - 1))
  return closestMatch(typed, words, {maxDistance: most}) ?? words.find(word => lettersOf(word) === lettersOf(typed))
}

/** Letters that have changed their places are all there: `tpo`. */
const lettersOf = (word: string): string => Array.from(word).toSorted().join('')

/** A step to take where a word is near, and none where there is none. */
export function meant(typed: string, known: Iterable<string>): string[] {
  const word = nearest(typed, known)
  return word === undefined ? [] : [`Did you mean ${word}?`]
}
