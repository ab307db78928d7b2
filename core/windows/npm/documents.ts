import type {NodeFacts} from '../../dataplane/node-facts.ts'
import type {IncompletePart} from '../../problem/incomplete-part.ts'
import type {NodeSet} from '../../sets/node-set.ts'
import type {HnsEndpoint, HnsNetwork, SetPolicy} from '../hns/model.ts'

/** The documents of a Windows node, read. Absent parts were not in the input. */
export interface WindowsDocuments extends NodeFacts {
  readonly endpoints?: readonly HnsEndpoint[]
  /** Those that Azure NPM may look at. */
  readonly networks?: readonly HnsNetwork[]
  /** Of the networks that Azure NPM looks at, by id. */
  readonly policies?: ReadonlyMap<string, SetPolicy>
  /** The same as all data planes have sets. */
  readonly sets?: ReadonlyMap<string, NodeSet>
  readonly hasMembers: boolean
  /** Why endpoints or sets may be missing. */
  readonly lost: readonly IncompletePart[]
}
