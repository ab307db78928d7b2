import type {NodeFacts} from '../../dataplane/node-facts.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {SavedChains} from '../iptables/saved-chains.ts'

/** What was read from a Linux node, parsed as far as it is needed. Absent parts were not in the input. */
export interface LinuxDocuments extends NodeFacts {
  /** The rules of the back end that the node uses. */
  readonly saved?: SavedChains
  readonly sets?: ReadonlyMap<string, MatchSet>
  /** Whether set members are in the input; `ipset list -t` has none. */
  readonly hasMembers: boolean
}
