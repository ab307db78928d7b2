import type {IncompletePart} from '../problem/incomplete-part.ts'
import type {AnyDifference} from './difference.ts'

/** What a program and a node have in common, and what not. */
export interface Comparison {
  readonly differences: readonly AnyDifference[]
  /** What is different as expected. */
  readonly notes: readonly string[]
  /** Policies whose rules were not compared, with the reason. */
  readonly notCompared: readonly {readonly policy: string; readonly reason: string}[]
  /** What the comparison rests on and is not whole. What was not given is in no difference. */
  readonly incomplete?: readonly IncompletePart[]
}
