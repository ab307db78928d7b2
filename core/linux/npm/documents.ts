import type {NodeFacts} from '../../dataplane/node-facts.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {SavedChains} from '../iptables/saved-chains.ts'

/** The documents of a Linux node, parsed as far as needed. Absent parts were not in the input. */
export interface LinuxDocuments extends NodeFacts {
  /** The rules of the back end that the node uses. */
  readonly saved?: SavedChains
  /** The rules of the other back end, which packets must pass, too. */
  readonly savedBeside?: SavedChains
  readonly sets?: ReadonlyMap<string, MatchSet>
  /** Whether the input has the members of sets; `ipset list -t` prints none. */
  readonly hasMembers: boolean
  /** Whether sets may be missing, because nothing tells whether the text of them was cut off. */
  readonly areSetsOpen?: boolean
  /** Why sets may be missing: a line of the text is not understood. */
  readonly damageOfSets?: string
}
