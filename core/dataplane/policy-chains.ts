import type {Scheme} from '../names/hash.ts'
import type {Direction} from '../names/kernel-name.ts'

/** The names of the chains, or other lists of rules, that policies have of their own. */
export interface PolicyChains {
  /** @param policy `namespace/name` */
  nameOf(policy: string, direction: Direction, scheme: Scheme): string
  /** What a name's shape says; undefined for one that no policy's chain can have. */
  shapeOf(name: string): {readonly direction: Direction; readonly schemes: readonly Scheme[]} | undefined
  /** The names that a policy's lists of rules have whose digest is this text; none where it can be no digest. */
  ofDigest(digest: string): readonly string[]
  /** What a list of rules of Azure NPM that is no policy's own is for, in each generation that has it. */
  purposesOf(name: string): readonly {readonly generation: 'v1' | 'v2'; readonly meaning: string}[]
  /** The only direction whose packets a list of rules concerns, a policy's own or another of Azure NPM; undefined for one of both. */
  directionOf(name: string): Direction | undefined
}
