import type {NodeState} from '../dataplane/dataplane.ts'
import type {ClusterObjects, Pod} from '../kubernetes/objects.ts'
import {hasPolicyAddress, policyIp} from '../kubernetes/pod-filter.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {type EndClass, type EndClasses, endClasses} from '../packets/end-classes.ts'
import {policyLikeness} from '../packets/policy-likeness.ts'
import {memberText} from '../sets/member.ts'

/** All packets from some ends to some others. */
export interface PacketProduct {
  readonly senders: readonly EndClass[]
  readonly receivers: readonly EndClass[]
  /** Pods that are no receivers, and to which services may send what is sent to receivers. */
  readonly behind: readonly EndClass[]
}

/** What of a node tells its packets apart. */
export type VerifiedNode = Pick<NodeState, 'node' | 'sets' | 'ruleBlocks' | 'judges' | 'rulesAt'>

/** The packets that a node is verified for. */
export interface VerifiedPackets {
  readonly products: readonly PacketProduct[]
  /** Whether it is known which pods are on the node. Then one end of each packet is one of them. */
  readonly isOfNode: boolean
  readonly pods: number
  readonly nodes: number
  /** Classes of other addresses. */
  readonly blocks: number
  /** The classes of an address: the ends of products that stand for it. */
  readonly classesAt: EndClasses['at']
}

/**
 * The packets of new connections that a node forwards. Where the node's name and its pods are known, those of which one end is
 * a pod of the node; else those of which one end is any pod.
 *
 * @param withUnknownPods whether one end may also be an address of a pod that is not known, or that has ended
 */
export function verifiedPackets(node: VerifiedNode, cluster: ClusterObjects, withUnknownPods = false): VerifiedPackets {
  const nodes = nodeAddresses(cluster)
  // A node that judges its own pods only tells them by its rules, whatever is known of its name.
  const isHere = (pod: Pod): boolean => (node.judges ? node.judges(policyIp(pod) ?? '') : pod.spec?.nodeName === node.node)
  const ownRules = (pod: Pod): string => node.rulesAt?.(policyIp(pod) ?? '') ?? ''
  const pods = cluster.pods.filter(hasPolicyAddress)
  const isOfNode = pods.some(isHere)
  const likeness = policyLikeness(cluster)
  const {all: classes, at} = endClasses({
    pods,
    nodes,
    sets: new Map(
      [...(node.sets ?? [])].map(([name, {type, members, header}]) => [name, {type, members: members.map(memberText), header}]),
    ),
    blocks: [...node.ruleBlocks(), ...policyBlocks(cluster)],
    ...(withUnknownPods && {left: endedAddresses(cluster)}),
    // A pod and its own node always reach each other, so pods of different nodes are not alike to nodes.
    likeness: pod => `${isOfNode ? isHere(pod) : (pod.spec?.nodeName ?? '')} ${ownRules(pod)} ${likeness(pod)}`,
  })
  // The node's own packets go through INPUT and OUTPUT.
  const forwarded = classes.filter(each => each.node === undefined || each.node !== node.node)
  const counts = {
    classesAt: at,
    isOfNode,
    pods: forwarded.reduce((sum, each) => sum + each.pods.length, 0),
    nodes: forwarded.filter(each => each.node !== undefined).length,
    blocks: forwarded.filter(each => each.node === undefined && each.pods.length === 0).length,
  }
  const isPodHere = ({pods: [first]}: EndClass): boolean => first !== undefined && (!isOfNode || isHere(first))
  const mayBePod = (each: EndClass): boolean => withUnknownPods && each.mayBePods === true
  const ends = forwarded.filter(each => isPodHere(each) || mayBePod(each))
  const chosen = new Set(ends)
  const products: PacketProduct[] = [
    {senders: forwarded, receivers: ends, behind: []},
    {senders: ends, receivers: forwarded.filter(each => !chosen.has(each)), behind: ends},
  ]
  return {...counts, products: products.filter(({senders, receivers}) => senders.length > 0 && receivers.length > 0)}
}

function endedAddresses({pods}: ClusterObjects): number[] {
  const ended = pods.filter(pod => pod.spec?.hostNetwork !== true && !hasPolicyAddress(pod))
  return ended.flatMap(({status}) => parseIpv4(status?.podIP ?? '') ?? [])
}

/** The names of nodes by their addresses, those that pods in the node's network have among them. */
function nodeAddresses({nodes, pods}: ClusterObjects): Map<number, string> {
  const names = new Map<number, string>()
  for (const {metadata, status} of nodes)
    for (const {address} of status?.addresses ?? []) {
      const value = parseIpv4(address)
      if (value !== undefined) names.set(value, metadata.name)
    }
  for (const {spec, status} of pods) {
    const value = spec?.hostNetwork === true ? parseIpv4(status?.podIP ?? '') : undefined
    if (value !== undefined && !names.has(value)) names.set(value, spec?.nodeName ?? 'unknown')
  }
  return names
}

const policyBlocks = ({policies}: ClusterObjects): string[] =>
  policies.flatMap(({spec}) =>
    [...(spec.ingress ?? []).flatMap(({from}) => from ?? []), ...(spec.egress ?? []).flatMap(({to}) => to ?? [])].flatMap(
      ({ipBlock}) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []),
    ),
  )
