import {type Node, objectKey, type Pod} from '../../kubernetes/objects.ts'
import {isBehindIpv6, policyIp} from '../../kubernetes/pod-filter.ts'
import {parseIpv4} from '../../net/ipv4.ts'
import type {ProgramSet} from '../../policy/program.ts'
import type {LocalPod, WindowsPolicy, WindowsProgram} from '../npm/program.ts'

/** Which pods have an endpoint on a Windows node, and which policies Azure NPM puts on it. */

/** Whether an object says that the node is one of Windows; undefined when it does not say. */
function isWindowsNode(node: Node | undefined): boolean | undefined {
  const system = node?.metadata.labels?.['kubernetes.io/os']
  return system === undefined ? undefined : system === 'windows'
}

/**
 * The pods that may have an endpoint on a Windows node.
 *
 * @param only of this node alone
 */
export function* localPods(pods: Iterable<Pod>, nodes: ReadonlyMap<string, Node>, only: string | undefined): Generator<LocalPod> {
  for (const pod of pods) {
    const node = pod.spec?.nodeName
    const address = policyIp(pod)
    if (address === undefined || isBehindIpv6(pod)) continue
    if (only !== undefined && node !== only) continue
    if (node !== undefined && isWindowsNode(nodes.get(node)) === false) continue
    const placed = node === undefined ? {} : {node}
    yield {pod: objectKey(pod), namespace: pod.metadata.namespace ?? 'default', address, ...placed}
  }
}

/** The IPv4 addresses of nodes by name. */
export function addressesOf(nodes: Iterable<Node>): Map<string, string> {
  const addresses = new Map<string, string>()
  for (const {metadata, status} of nodes) {
    const own = status?.addresses?.find(({type, address}) => type === 'InternalIP' && parseIpv4(address) !== undefined)
    if (own) addresses.set(metadata.name, own.address)
  }
  return addresses
}

/** Finds the policies of a program that select a pod: those whose target sets all hold its address. */
export function policyFinder({sets, policies, pods}: WindowsProgram): (pod: LocalPod) => WindowsPolicy[] {
  const setsOf = new Map(pods.map(({address}) => [address, new Set<string>()]))
  const lists: ProgramSet[] = []
  for (const set of sets.values()) {
    if (set.ipsetType === 'list:set') lists.push(set)
    else for (const member of set.members) setsOf.get(member)?.add(set.kernelName)
  }
  for (const {kernelName, members} of lists)
    for (const ids of setsOf.values()) if (members.some(member => ids.has(member))) ids.add(kernelName)
  return ({address}) => {
    const ids = setsOf.get(address)
    return ids ? policies.filter(({target, acls}) => acls.length > 0 && target.every(id => ids.has(id))) : []
  }
}
