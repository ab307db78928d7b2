import type {ChainNames} from '../renaming/chain-names.ts'
import type {NodeNames} from '../renaming/node-names.ts'
import type {Renaming} from '../renaming/renaming.ts'
import type {NodeContent, NodeFacts} from './node-facts.ts'

/** The new line, or undefined for one that is left out. */
export type RewriteLine = (line: string) => string | undefined

/** What a data plane adds to the redaction of a dump. */
export interface PlaneRedaction {
  /** How it names chains: which names stay, and how the names of policies' chains are made. */
  readonly chainNames: ChainNames
  /**
   * Collects the names that a node's documents hold. Never throws.
   *
   * @param contents what `DataPlane.parse` made of them; of two back ends both count, whichever is in use
   */
  learn(facts: NodeFacts, contents: readonly NodeContent[]): readonly NodeNames[]
  /** By kind of document, how its lines are rewritten. */
  rewriters(renaming: Renaming): Readonly<Record<string, RewriteLine>>
  /** How its documents are rewritten that are JSON; absent where none are. */
  readonly json?: {
    /** Whether a parsed value is one of these. */
    holds(value: unknown): boolean
    rewriter(renaming: Renaming): (value: unknown) => unknown
  }
}
