import type {NodeState} from '../dataplane/dataplane.ts'
import {objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import {setKernelName} from '../names/kernel-name.ts'
import {ALL_NAMESPACES} from '../names/set-name.ts'
import {V1_ALL_NAMESPACES} from '../names/v1-name.ts'
import {isPrivateAddress} from '../net/address-ranges.ts'
import {parseIpv4} from '../net/ipv4.ts'
import type {Truth} from '../net/truth.ts'
import {parseMember} from '../sets/member.ts'

/** What is known of the ends of connections on a node. */
export class KnownEnds {
  private readonly pods: ReadonlyMap<string, string | undefined>
  private readonly own: ReadonlySet<string> | undefined
  private readonly hasNodes: boolean

  /** @param own all addresses of the node, where it was asked for them */
  constructor(node: NodeState, own?: ReadonlySet<string>) {
    this.own = own
    this.hasNodes = (node.cluster?.nodes ?? []).length > 0
    this.pods = podsOf(node)
  }

  /** `namespace/name` of the pod with an address; undefined for no pod, and for an address that several have. */
  podAt(address: string): string | undefined {
    return this.pods.get(address)
  }

  /**
   * Whether an address is the node's own: what it receives and sends itself Azure NPM does not judge. Where the objects tell the
   * addresses of nodes, walks know them, and no other address is one. Otherwise one of a private range may be, unless it is a pod's.
   */
  isOwn(address: string): Truth {
    if (this.own) return this.own.has(address)
    if (this.hasNodes || this.pods.has(address)) return false
    return isPrivateAddress(parseIpv4(address) ?? 0) ? 'unknown' : false
  }
}

/** The pods of the cluster, by address: from its objects, from Azure NPM's memory, and else from its sets, which have no names of them. */
function podsOf(node: NodeState): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>()
  for (const address of namespaceMembers(node)) found.set(address, undefined)
  const pods: readonly Pod[] = node.cluster?.pods ?? node.cache?.objects.pods ?? []
  const seen = new Set<string>()
  for (const pod of pods) {
    const address = policyIp(pod)
    if (address === undefined) continue
    found.set(address, seen.has(address) ? undefined : objectKey(pod))
    seen.add(address)
  }
  return found
}

/** The addresses in the sets of all namespaces, which Azure NPM keeps in a list. */
function* namespaceMembers({sets}: NodeState): Generator<string> {
  const lists = [
    setKernelName(ALL_NAMESPACES, 'sha256'),
    setKernelName(ALL_NAMESPACES, 'fnv32a'),
    setKernelName(V1_ALL_NAMESPACES, 'fnv32a'),
  ]
  for (const list of lists)
    for (const {entry: namespace} of sets?.get(list)?.members ?? [])
      for (const {entry} of sets?.get(namespace)?.members ?? []) {
        const {subject} = parseMember(entry)
        if (!subject.includes('/')) yield subject
      }
}
