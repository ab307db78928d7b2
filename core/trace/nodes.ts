import type {NodeState} from '../dataplane/dataplane.ts'
import {setKernelName} from '../names/kernel-name.ts'
import type {NodeSet} from '../sets/node-set.ts'
import type {Endpoint, KnownPods} from './endpoints.ts'

/** Pods from the first dump with cluster objects, or else from the first with NPM's debug cache. */
export function knownPods(dumps: readonly NodeState[]): KnownPods {
  const cluster = dumps.find(dump => dump.cluster)?.cluster
  const pods = cluster?.pods ?? dumps.find(dump => dump.cache)?.cache?.objects.pods ?? []
  return {pods, sets: dumps.find(dump => dump.sets)?.sets}
}

/**
 * The nodes that a packet passes, in order: the sender's, then the receiver's. If neither is among the dumps, all dumps with
 * rules. Dumps without rules are left out.
 */
export function nodesOnTheWay(dumps: readonly NodeState[], source: Endpoint, destination: Endpoint): NodeState[] {
  const withRules = dumps.filter(({completeness}) => completeness.rules !== 'absent')
  const wanted = new Set([source.pod?.spec?.nodeName, destination.pod?.spec?.nodeName])
  const found = [...wanted].flatMap(name => withRules.find(({node}) => node === name) ?? [])
  // The packet's nodes are unknown, and any node may drop it.
  return found.length > 0 ? found : withRules
}

/** The kernel set of a named port, if one of the nodes has it. */
export function namedPortSet(nodes: readonly NodeState[], port: string): NodeSet | undefined {
  const names = (['sha256', 'fnv32a'] as const).map(scheme => setKernelName(`namedport:${port}`, scheme))
  return nodes.flatMap(({sets}) => names.flatMap(name => sets?.get(name) ?? []))[0]
}
