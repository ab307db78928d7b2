import type {Scheme} from '../names/hash.ts'
import {CURRENT, lastOf, type ReleaseLine} from './release.ts'

/** The release of the Azure NPM of a node, as far as it can be told. */
export interface KnownRelease {
  /** `v1.6.48`, `v1.6.46 or newer`, `v1.4.24 to v1.4.26`, `unknown`. */
  readonly name: string
  /** `image`: its pod says so. `rules`: what is programmed has the shape that these releases write. */
  readonly from: 'image' | 'rules' | 'unknown'
}

export const UNKNOWN_RELEASE: KnownRelease = {name: 'unknown', from: 'unknown'}

/** What rules and names of sets show. */
export interface ProgramShape {
  readonly scheme: Scheme | undefined
  readonly generation: 'v1' | 'v2'
  /** Lines of releases that write such rules, newest first. */
  readonly lines: readonly ReleaseLine[]
}

/** Names are hashed by SHA-256 since this release, and on a second branch since v1.8.12. */
const FIRST_WITH_LONG_NAMES = 'v1.6.46'
const LAST_WITH_SHORT_NAMES = 'v1.8.11'
/** The first release that could program as the second generation does, and the last one that did not by default. */
const FIRST_OF_V2 = 'v1.4.15'
const LAST_OF_V1 = 'v1.4.19'

/** The releases that program in a shape. */
export function releasesOfShape({scheme, generation, lines}: ProgramShape): KnownRelease {
  const of = (name: string): KnownRelease => ({name, from: 'rules'})
  if (generation === 'v1') return of(`${LAST_OF_V1} or older`)
  if (scheme === 'sha256') return of(`${FIRST_WITH_LONG_NAMES} or newer`)
  const [newest, oldest] = [lines[0], lines.at(-1)]
  if (scheme === undefined || newest === undefined || oldest === undefined) return UNKNOWN_RELEASE
  const [first, last] = [oldest === 'v1.2.8' ? FIRST_OF_V2 : oldest, newest === CURRENT ? LAST_WITH_SHORT_NAMES : lastOf(newest)]
  return of(first === last ? first : `${first} to ${last}`)
}
