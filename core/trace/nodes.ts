import type {NodeState} from '../dataplane/dataplane.ts'
import {wholenessOf} from '../kubernetes/named-end.ts'
import type {Pod} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import {setKernelName} from '../names/kernel-name.ts'
import type {NodeSet} from '../sets/node-set.ts'
import type {Endpoint, KnownPods} from './endpoints.ts'

/** Pods from the first dump with cluster objects, or else from the first with NPM's debug cache. */
export function knownPods(dumps: readonly NodeState[]): KnownPods {
  const cluster = dumps.find(dump => dump.cluster)?.cluster
  const pods = cluster?.pods ?? dumps.find(dump => dump.cache)?.cache?.objects.pods ?? []
  return {
    pods,
    nodes: cluster?.nodes,
    services: cluster?.services,
    sets: dumps.find(dump => dump.sets)?.sets,
    isWhole: wholenessOf(cluster),
  }
}

/** Whether anything of a node was given, not only objects of its cluster. With sets alone it is unknown what the node does. */
export const isNodeRead = ({completeness, sets}: NodeState): boolean => completeness.rules !== 'absent' || sets !== undefined

/** The nodes that a packet passes, as far as they are given. */
export interface Route {
  /** In order: the sender's, then the receiver's. */
  readonly nodes: readonly NodeState[]
  /** Whether these are the packet's. If not, it may pass any of them. */
  readonly isKnown: boolean
  /** The node of a pod's or a node's address, if it is among those with rules. */
  nodeOf(address: string): NodeState | undefined
}

/** The ways of packets between ends, over the nodes that are given. */
export class Routes {
  private readonly withRules: readonly NodeState[]
  private readonly owners: Owners
  private readonly nodeOf = (address: string) => this.named(this.owners.of(address))

  constructor(dumps: readonly NodeState[]) {
    this.withRules = dumps.filter(isNodeRead)
    this.owners = new Owners(dumps)
  }

  private named(name: string | undefined): NodeState | undefined {
    return name === undefined ? undefined : this.withRules.find(({node}) => node === name)
  }

  /** The node on which an end is, if it is among those with rules. */
  homeOf({pod, address}: Pick<Endpoint, 'pod' | 'address'>): NodeState | undefined {
    return this.named(pod?.spec?.nodeName ?? this.owners.of(address))
  }

  /** The nodes that a packet passes: the sender's, then the receiver's. If neither is among the dumps, all that are of nodes. */
  between(source: Pick<Endpoint, 'pod' | 'address'>, destination: Pick<Endpoint, 'pod' | 'address'>): Route {
    const {withRules, nodeOf} = this
    const found = [source, destination].map(end => this.homeOf(end))
    const nodes = [...new Set(found.filter(node => node !== undefined))]
    // The packet's nodes are unknown, and any node may drop it.
    return nodes.length > 0 ? {nodes, isKnown: true, nodeOf} : {nodes: withRules, isKnown: withRules.length < 2, nodeOf}
  }
}

/** The way of one packet; of several packets, ask one `Routes`. */
export const routeOf = (
  dumps: readonly NodeState[],
  source: Pick<Endpoint, 'pod' | 'address'>,
  destination: Pick<Endpoint, 'pod' | 'address'>,
): Route => new Routes(dumps).between(source, destination)

/** On which node each address is: those of pods and of the nodes themselves. */
class Owners {
  private readonly dumps: readonly NodeState[]
  private byAddress: ReadonlyMap<string, string> | undefined

  constructor(dumps: readonly NodeState[]) {
    this.dumps = dumps
  }

  of(address: string): string | undefined {
    this.byAddress ??= this.read()
    return this.byAddress.get(address)
  }

  /** An address of pods on several nodes is of none of them: which has it is not known. */
  private read(): Map<string, string> {
    const found = new Map<string, string>()
    const shared = new Set<string>()
    for (const pod of knownPods(this.dumps).pods) {
      const {spec, status} = pod
      const address = policyIp(pod) ?? (spec?.hostNetwork === true ? status?.podIP : undefined)
      if (address === undefined || spec?.nodeName === undefined || hasEnded(pod)) continue
      if ((found.get(address) ?? spec.nodeName) !== spec.nodeName) shared.add(address)
      found.set(address, spec.nodeName)
    }
    for (const address of shared) found.delete(address)
    for (const {metadata, status} of this.dumps.find(({cluster}) => cluster)?.cluster?.nodes ?? [])
      for (const {address} of status?.addresses ?? []) found.set(address, metadata.name)
    return found
  }
}

const hasEnded = ({status}: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** The kernel set of a named port, if one of the nodes has it. */
export function namedPortSet(nodes: readonly NodeState[], port: string): NodeSet | undefined {
  const names = (['sha256', 'fnv32a'] as const).map(scheme => setKernelName(`namedport:${port}`, scheme))
  return nodes.flatMap(({sets}) => names.flatMap(name => sets?.get(name) ?? []))[0]
}
