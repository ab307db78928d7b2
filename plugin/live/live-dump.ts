import type {NodeFailure, SetEntry} from '../../core/contract/common.ts'
import type {Drift} from '../../core/contract/drift.ts'
import type {LiveEvent} from '../../core/contract/live.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {diffNode} from '../../core/drift/diff-node.ts'
import {liveNode} from '../../core/live/live-node.ts'
import {nodeSample} from '../../core/live/node-sample.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {LiveSource} from './live-source.ts'
import {sha256} from './node-snapshots.ts'
import {setOf} from './set-of.ts'

/** Nodes of a dump: what each had and had counted when it was read, once. */
export class LiveDump implements LiveSource {
  readonly kind = 'dump'
  private readonly nodes: readonly NodeState[]
  private readonly failures: readonly NodeFailure[]
  private readonly at: string

  /** @param at stands for the time of a node whose dump does not tell when it was read, RFC 3339 */
  constructor(nodes: readonly NodeState[], failures: readonly NodeFailure[], at: string) {
    this.nodes = nodes
    this.failures = failures
    this.at = at
  }

  request(): void {
    // It has no more than it has.
  }

  // oxlint-disable-next-line require-await -- a stream, like those that wait
  async *events(signal: AbortSignal): AsyncGenerator<LiveEvent> {
    for (const {node, message, next} of this.failures)
      yield {apiVersion: API_VERSION, kind: 'LiveFailure', node, at: this.at, message, next}
    for (const node of this.nodes) {
      if (signal.aborted) return
      const at = {at: node.takenAt ?? this.at, sha256}
      yield liveNode(node, at)
      yield nodeSample(node, at)
    }
  }

  async members(node: string, set: string): Promise<SetEntry | undefined> {
    return setOf(this.nodeOf(node), set)
  }

  async differences(node: string): Promise<Drift> {
    const state = this.nodeOf(node)
    const {cluster} = state
    if (!cluster || cluster.policies.length + cluster.pods.length + cluster.namespaces.length === 0)
      throw new InputError(
        'the dump does not say what the policies ask for',
        'Give the objects, too: kubectl get pods,namespaces,networkpolicies -A -o json > cluster.json, then --from cluster.json',
      )
    return diffNode(state, {isLite: false}, [])
  }

  private nodeOf(name: string): NodeState {
    const found = this.nodes.find(({node}) => node === name)
    if (found) return found
    throw new InputError(`node ${name} is not in the dump`, `It holds: ${this.nodes.map(({node}) => node).join(', ')}`)
  }
}
