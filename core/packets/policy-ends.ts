import {selects} from '../kubernetes/label-selector.ts'
import type {LabelSelector, Pod, PolicyPeer} from '../kubernetes/objects.ts'
import type {Answer} from '../policy/answer.ts'
import type {NamespaceLabels} from '../policy/namespace-labels.ts'
import type {End, PacketEnds} from '../policy/packet-ends.ts'
import {peerTest} from '../policy/rule-tests.ts'
import {Bits} from './bits.ts'
import type {EndTruth} from './packet-domain.ts'

const namespaceOf = ({metadata}: Pod): string => metadata.namespace ?? 'default'

/** The answers of selectors and peers of policies for many ends of packets at once. */
export class PolicyEnds {
  readonly ends: readonly End[]
  readonly all: Bits
  /** Ends that are known to be no pod. */
  readonly notPods: Bits
  /** Ends at which an unknown pod may be. */
  readonly mayBePods: Bits
  private readonly namespaces: NamespaceLabels
  private readonly podsByNamespace = new Map<string, number[]>()
  private readonly podless: number[] = []
  private readonly peers = new Map<string, EndTruth>()
  private readonly ownNodes = new Map<string, EndTruth>()

  constructor(ends: readonly End[], namespaces: NamespaceLabels) {
    this.ends = ends
    this.namespaces = namespaces
    this.all = Bits.below(ends.length)
    for (const [index, {pod}] of ends.entries()) {
      if (!pod) {
        this.podless.push(index)
        continue
      }
      const namespace = namespaceOf(pod)
      const known = this.podsByNamespace.get(namespace)
      if (known) known.push(index)
      else this.podsByNamespace.set(namespace, [index])
    }
    const isOpen = (index: number) => (ends[index] as End).mayBePod !== undefined
    this.mayBePods = Bits.of(this.podless.filter(isOpen))
    this.notPods = Bits.of(this.podless).without(this.mayBePods)
  }

  /** The pods of a namespace for which a test holds. */
  podsOf(namespace: string, test: (pod: Pod) => boolean = () => true): Bits {
    const indexes = this.podsByNamespace.get(namespace) ?? []
    return Bits.of(indexes.filter(index => test((this.ends[index] as End).pod as Pod)))
  }

  /** The pods that a policy of a namespace selects. */
  selected(namespace: string, selector: LabelSelector): Bits {
    return this.podsOf(namespace, pod => selects(selector, pod.metadata.labels))
  }

  /** The ends that a peer of a policy in a namespace means. */
  peer(peer: PolicyPeer, namespace: string): EndTruth {
    const isOfNamespace = !peer.ipBlock && !peer.namespaceSelector
    const key = `${isOfNamespace ? namespace : ''} ${JSON.stringify(peer)}`
    let truth = this.peers.get(key)
    if (!truth) {
      truth = this.collect(this.asked(peer, namespace), peerTest(peer, namespace, this.namespaces))
      this.peers.set(key, truth)
    }
    return truth
  }

  /** The ends that may be meant: a pod of another namespace is never looked at. */
  private asked({ipBlock, namespaceSelector}: PolicyPeer, namespace: string): Iterable<number> {
    if (ipBlock) return this.ends.keys()
    if (!namespaceSelector) return [...(this.podsByNamespace.get(namespace) ?? []), ...this.mayBePods]
    const pods: number[] = []
    for (const [name, indexes] of this.podsByNamespace)
      if (this.namespaces.match(namespaceSelector, name) !== false) for (const index of indexes) pods.push(index)
    for (const index of this.mayBePods) pods.push(index)
    return pods
  }

  private collect(asked: Iterable<number>, test: (end: End) => Answer): EndTruth {
    const [held, notKnown]: [number[], number[]] = [[], []]
    for (const index of asked) {
      const answer = test(this.ends[index] as End)
      if (answer !== false) (answer === true ? held : notKnown).push(index)
    }
    const certain = Bits.of(held)
    return {certain, possible: notKnown.length === 0 ? certain : certain.or(Bits.of(notKnown))}
  }

  /** The ends that are the node on which a pod runs. */
  ownNode(pod: Pod, known: PacketEnds): EndTruth {
    const key = nodeKey(pod)
    let truth = this.ownNodes.get(key)
    if (!truth) {
      truth = this.collect(this.podless, end => known.isOwnNode(pod, end))
      this.ownNodes.set(key, truth)
    }
    return truth
  }

  /** The pods whose node an end is. */
  podsOn(node: End, known: PacketEnds): EndTruth {
    let [certain, possible] = [Bits.none, Bits.none]
    for (const {pod, bits} of this.byNode()) {
      const answer = known.isOwnNode(pod, node)
      if (answer !== false) possible = possible.or(bits)
      if (answer === true) certain = certain.or(bits)
    }
    return {certain, possible}
  }

  private groups: readonly {readonly pod: Pod; readonly bits: Bits}[] | undefined

  /** Pods of one node, with one of them. */
  private byNode(): readonly {readonly pod: Pod; readonly bits: Bits}[] {
    if (this.groups) return this.groups
    const found = new Map<string, {readonly pod: Pod; readonly indexes: number[]}>()
    for (const [index, {pod}] of this.ends.entries()) {
      if (!pod) continue
      const group = found.get(nodeKey(pod)) ?? {pod, indexes: []}
      found.set(nodeKey(pod), group)
      group.indexes.push(index)
    }
    this.groups = [...found.values()].map(({pod, indexes}) => ({pod, bits: Bits.of(indexes)}))
    return this.groups
  }
}

const nodeKey = ({spec, status}: Pod): string => `${spec?.nodeName ?? ''} ${status?.hostIP ?? ''}`
