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
  return closestMatch(typed, words, {maxDistance: Math.min(MOST_WRONG, Math.ceil(typed.length / 2))})
}

/** A step to take where a word is near, and none where there is none. */
export function meant(typed: string, known: Iterable<string>): string[] {
  const word = nearest(typed, known)
  return word === undefined ? [] : [`Did you mean ${word}?`]
}
