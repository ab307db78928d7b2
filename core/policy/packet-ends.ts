import {type IncompleteObjects, mayMiss} from '../kubernetes/completeness.ts'
import {type ClusterObjects, objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {isPrivateAddress, isReservedAddress} from '../net/address-ranges.ts'
import {parseIpv4, parseIpv4Block} from '../net/ipv4.ts'
import type {Answer} from './answer.ts'

/** One end of a packet. */
export interface End {
  /** An unsigned 32-bit number; undefined for what is no IPv4 address. */
  readonly address: number | undefined
  /** The pod there, if there is one that policies can select. */
  readonly pod?: Pod
  /** No pod is known there, but not all pods are known. */
  readonly mayBePod?: IncompleteObjects
}

/** Knows which pods and nodes are at an address. */
export class PacketEnds {
  /** The ends at the addresses of pods, made once: there are many more packets than pods. */
  private readonly podsAt = new Map<number, readonly End[]>()
  /** Names of nodes by their addresses. */
  private readonly nodesAt = new Map<number, readonly string[]>()
  private readonly knownNodes = new Set<string>()
  private readonly missingPods: IncompleteObjects | undefined
  private readonly missingNodes: IncompleteObjects | undefined

  constructor({pods, nodes}: ClusterObjects, incomplete: readonly IncompleteObjects[]) {
    for (const pod of pods) {
      const address = policyAddress(pod)
      if (address === undefined) continue
      const others = this.podsAt.get(address)
      this.podsAt.set(address, others === undefined ? [{address, pod}] : [...others, {address, pod}])
    }
    for (const {metadata, spec, status} of nodes) {
      this.knownNodes.add(metadata.name)
      for (const {address} of status?.addresses ?? []) this.addNode(parseIpv4(address), metadata.name)
      // With kubenet, the bridge of a node has the first address of its range. Nobody else has it.
      const range = parseIpv4Block(spec?.podCIDR ?? '')
      if (range && range.prefix < 31) this.addNode(range.base + 1, metadata.name)
    }
    this.missingPods = incomplete.find(({kind}) => kind === 'pods')
    this.missingNodes = incomplete.find(({kind}) => kind === 'nodes')
  }

  private addNode(address: number | undefined, name: string): void {
    if (address !== undefined) this.nodesAt.set(address, [...(this.nodesAt.get(address) ?? []), name])
  }

  /** The ends that an address can be: several when pods share it, else one. */
  at(text: string): readonly End[] {
    const address = parseIpv4(text)
    if (address === undefined) return [{address}]
    const found = this.podsAt.get(address)
    if (found !== undefined) return found
    const isNoPod = this.missingPods === undefined || this.nodesAt.has(address) || isReservedAddress(address)
    return [isNoPod ? {address} : {address, mayBePod: this.missingPods}]
  }

  /** The ends of an address when a pod is meant, which counts only if the address is its own. */
  of(pod: Pod | undefined, text: string): readonly End[] {
    if (!pod) return this.at(text)
    const address = parseIpv4(text)
    return address !== undefined && policyAddress(pod) === address ? [{address, pod}] : this.at(text)
  }

  /** Whether an end is the node on which a pod runs, which always reaches it. */
  isOwnNode({spec, metadata, status}: Pod, {address, pod}: End): Answer {
    if (pod || address === undefined) return false
    if (status?.hostIP !== undefined && parseIpv4(status.hostIP) === address) return true
    const names = this.nodesAt.get(address)
    const own = spec?.nodeName
    if (names && own !== undefined) return names.includes(own)
    const reason = `the node of pod ${objectKey({metadata})} is not known, and a pod's own node always reaches it`
    if (names && status?.hostIP === undefined)
      return {part: `Pod ${objectKey({metadata})}`, state: 'cut', reason, next: 'Give the pod with its spec.nodeName.'}
    const isKnown = own === undefined || this.knownNodes.has(own) || status?.hostIP !== undefined || !this.missingNodes
    return isKnown || !isPrivateAddress(address) ? false : (this.missingNodes ?? false)
  }
}

/** Whether an end may be a pod of a namespace that is not known. */
export const mayBePodOf = ({mayBePod}: End, namespace: string): Answer =>
  mayBePod && mayMiss(mayBePod, namespace) ? mayBePod : false
