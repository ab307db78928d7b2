import type {NodeFailure} from '../contract/common.ts'
import type {Drift} from '../contract/drift.ts'
import type {Finding} from '../contract/lint.ts'
import type {PolicyList} from '../contract/policies.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {wholenessOf} from '../kubernetes/named-end.ts'
import type {ClusterObjects, Pod} from '../kubernetes/objects.ts'
import {lintPolicies} from '../lint/lint.ts'
import {clusterAround} from '../lint/lint-input.ts'
import {compareNodes} from '../policies/compare-nodes.ts'
import {listPolicies} from '../policies/list-policies.ts'
import {isNodeRead, knownPods} from '../trace/nodes.ts'

/** What was read, for whatever is described. */
export interface DescribedInput {
  readonly dumps: readonly NodeState[]
  readonly failures: readonly NodeFailure[]
  /** Whether the nodes run NPM Lite. */
  readonly isLite?: boolean
}

/** All that is known of a cluster. What costs time is found when somebody first asks, and kept for the next description. */
export class Knowledge {
  readonly dumps: readonly NodeState[]
  /** Those of which rules or sets were given. */
  readonly nodes: readonly NodeState[]
  readonly failures: readonly NodeFailure[]
  readonly cluster: ClusterObjects | undefined
  readonly pods: readonly Pod[]
  readonly isWhole: ReturnType<typeof wholenessOf>
  private readonly isLite: boolean
  private compared: ReturnType<typeof this.compare> | undefined
  private linted: readonly Finding[] | undefined

  constructor({dumps, failures, isLite = false}: DescribedInput) {
    this.dumps = dumps
    this.nodes = dumps.filter(isNodeRead)
    this.failures = failures
    this.cluster = dumps.find(({cluster}) => cluster)?.cluster
    this.pods = knownPods(dumps).pods
    this.isWhole = wholenessOf(this.cluster)
    this.isLite = isLite
  }

  /** What `diff` says of each node that it can compare. */
  get drifts(): readonly Drift[] {
    return (this.compared ??= this.compare()).drifts
  }

  /** What `policies` lists. Where no node was read, states are unknown. */
  get policies(): PolicyList {
    return (this.compared ??= this.compare()).list
  }

  /** What `lint` finds in all policies. */
  get findings(): readonly Finding[] {
    this.linted ??= this.cluster
      ? lintPolicies({...clusterAround({dumps: this.dumps}, undefined, undefined, 'all'), policies: this.cluster.policies})
      : []
    return this.linted
  }

  private compare(): {readonly drifts: readonly Drift[]; readonly list: PolicyList} {
    const compared = [...compareNodes(this.nodes, {isLite: this.isLite})]
    const list = listPolicies(this.cluster, compared, {failures: this.failures, problems: []})
    const items =
      compared.length > 0
        ? list.items
        : list.items.map(item => ({...item, states: [{state: 'unknown' as const, nodes: [], text: 'no node was read'}]}))
    return {drifts: compared.flatMap(({drift}) => drift ?? []), list: {...list, items}}
  }
}
