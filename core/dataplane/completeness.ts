import type {IncompletePart} from '../problem/incomplete-part.ts'

/** Whether all of a part of a node was in the input, some of it, or nothing. Answers that rest on a part which is not whole are unknown. */
export type Completeness = 'whole' | 'cut' | 'absent'

/** A part of the sets that is not whole. */
export interface SetPart extends IncompletePart {
  /** Present when it may as well be whole: nothing but the missing end of the text speaks against it. */
  readonly isOpen?: true
  /** Present when only the members are missing: which sets there are, and how many members each has, is known. */
  readonly areCounted?: true
}

/** How complete each part of a node's input is. */
export interface Completenesses {
  readonly rules: Completeness
  readonly sets: Completeness
  /** `cut` where sets are known without their members. */
  readonly members: Completeness
  readonly objects: Completeness
  /** All that is not whole, each part by name; empty when everything is. */
  readonly parts: readonly IncompletePart[]
  /** Of the sets and their members. */
  readonly ofSets: readonly SetPart[]
  /** Where more of Azure NPM's chains, or lists of rules, may stand than are given. */
  readonly ofRuleLists: readonly IncompletePart[]
  /**
   * Of one set: undefined when it is whole, or when the node is known not to have it.
   *
   * @param name      its kernel name
   * @param mayBeList whether it may be a list of sets
   */
  ofSet(name: string, mayBeList: boolean): SetPart | undefined
}
