import type {FixedNames} from '../renaming/kernel-names.ts'
import type {NodeNames} from '../renaming/node-names.ts'
import type {Renaming} from '../renaming/renaming.ts'
import type {NodeContent, NodeFacts} from './node-facts.ts'

/** The new line, or undefined for one that is left out. */
export type RewriteLine = (line: string) => string | undefined

/** What a data plane adds to the redaction of a dump. */
export interface PlaneRedaction {
  /** Names in the kernel that every node has, and that stay. */
  readonly fixedNames: FixedNames
  /**
   * Collects the names that a node's documents hold. Never throws.
   *
   * @param contents what `DataPlane.parse` made of them; of two back ends both count, whichever is in use
   */
  learn(facts: NodeFacts, contents: readonly NodeContent[]): readonly NodeNames[]
  /** By kind of document, how its lines are rewritten. */
  rewriters(renaming: Renaming): Readonly<Record<string, RewriteLine>>
}
