import {type IncompleteObjects, incompleteObjects, mayMiss} from '../kubernetes/completeness.ts'
import {selects} from '../kubernetes/label-selector.ts'
import {namedPorts} from '../kubernetes/named-ports.ts'
import {type ClusterObjects, type LabelSelector, objectKey, type Pod, type PolicyPeer} from '../kubernetes/objects.ts'
import {hasPolicyAddress, policyIp} from '../kubernetes/pod-filter.ts'
import {blockHolds, type Ipv4Block, parseIpv4, parseIpv4Block} from '../net/ipv4.ts'
import {NamespaceLabels} from '../policy/namespace-labels.ts'
import type {PolicyView} from './policy-view.ts'

/** A pod or a node with an IPv4 address. */
interface Addressed {
  readonly address: number
  readonly name: string
}

/** Lookups in the cluster around the policies. What is unknown gives no findings: without pods, no selector counts as unmatched. */
export class ClusterView {
  readonly knowsPods: boolean
  /** By namespace, without finished pods. */
  private readonly pods = new Map<string, Pod[]>()
  private readonly nobodies = new Map<string, boolean>()
  private readonly namespaces: ReadonlySet<string>
  private readonly namespaceLabels: NamespaceLabels
  private readonly incomplete: readonly IncompleteObjects[]
  private readonly podAddresses: readonly Addressed[]
  private readonly nodeAddresses: readonly Addressed[]
  private readonly byNamespace = new Map<string, PolicyView[]>()
  private readonly numbers = new Map<string, Set<string>>()
  private readonly byAclId = new Map<string, PolicyView[]>()

  constructor(objects: ClusterObjects, policies: readonly PolicyView[]) {
    const {pods, namespaces, nodes} = objects
    this.knowsPods = pods.length > 0
    this.namespaces = new Set(namespaces.map(({metadata}) => metadata.name))
    this.namespaceLabels = new NamespaceLabels(objects)
    this.incomplete = incompleteObjects(objects)
    for (const pod of pods) if (!isFinished(pod)) push(this.pods, pod.metadata.namespace ?? 'default', pod)
    for (const policy of policies) {
      push(this.byNamespace, policy.namespace, policy)
      push(this.byAclId, aclId(policy), policy)
    }
    this.podAddresses = addresses(pods.filter(hasPolicyAddress).map(pod => [policyIp(pod), `pod ${objectKey(pod)}`]))
    this.nodeAddresses = addresses(
      nodes.flatMap(({metadata, status}) =>
        (status?.addresses ?? []).filter(({type}) => type !== 'Hostname').map(each => [each.address, `node ${metadata.name}`]),
      ),
    )
    for (const pod of pods.filter(hasPolicyAddress))
      for (const {port, suffix} of namedPorts(pod, true)) {
        const known = this.numbers.get(port) ?? new Set()
        this.numbers.set(port, known.add(suffix.slice(1)))
      }
  }

  /** All policies of a namespace, both the ones to judge and others of the cluster. */
  policiesOf(namespace: string): readonly PolicyView[] {
    return this.byNamespace.get(namespace) ?? []
  }

  /** Names of other policies whose ACLs have the same id on Windows. */
  sharingAclId(view: PolicyView): string[] {
    const all = this.byAclId.get(aclId(view)) ?? []
    return all.map(({policy}) => policy).filter(policy => policy !== view.policy)
  }

  /** Whether a namespace does not exist. False when not all namespaces are known, or something in it is. */
  isMissing(namespace: string): boolean {
    const isKnown = this.namespaces.size > 0 && !this.incomplete.some(({kind}) => kind === 'namespaces')
    return isKnown && !this.namespaces.has(namespace) && !this.pods.has(namespace)
  }

  /** Whether all pods of a namespace are known. */
  knowsPodsOf(namespace: string): boolean {
    return this.knowsPods && !this.incomplete.some(gap => gap.kind === 'pods' && mayMiss(gap, namespace))
  }

  /** Pods of one namespace that a selector selects. */
  selected(namespace: string, selector: LabelSelector): Pod[] {
    return (this.pods.get(namespace) ?? []).filter(pod => selects(selector, pod.metadata.labels))
  }

  /** Whether a peer of selectors selects no pod. False when pods, or the namespaces that the peer needs, are unknown. */
  choosesNobody({podSelector = {}, namespaceSelector}: PolicyPeer, namespace: string): boolean {
    if (!this.knowsPods) return false
    // Cached: many policies have the same peers, and a peer that selects nothing is compared with every pod.
    const key = JSON.stringify([podSelector, namespaceSelector ?? namespace])
    const known = this.nobodies.get(key)
    if (known !== undefined) return known
    const isNobody = namespaceSelector
      ? !this.mayChooseIn(namespaceSelector, podSelector)
      : this.knowsPodsOf(namespace) && !this.hasPod(namespace, podSelector)
    this.nobodies.set(key, isNobody)
    return isNobody
  }

  /** Whether a peer selects a pod of some namespace, or may select one that is not known. */
  private mayChooseIn(namespaceSelector: LabelSelector, podSelector: LabelSelector): boolean {
    if (this.incomplete.some(({kind}) => kind === 'pods')) return true
    for (const name of new Set([...this.namespaces, ...this.pods.keys()]))
      if (this.hasPod(name, podSelector) && this.namespaceLabels.match(namespaceSelector, name) !== false) return true
    return false
  }

  private hasPod(namespace: string, selector: LabelSelector): boolean {
    return (this.pods.get(namespace) ?? []).some(pod => selects(selector, pod.metadata.labels))
  }

  /** Names of pods with an address in a block: `pod namespace/name`. */
  podsIn(block: PolicyPeer['ipBlock']): string[] {
    return within(this.podAddresses, block)
  }

  /** Names of nodes with an address in a block: `node NAME`. */
  nodesIn(block: PolicyPeer['ipBlock']): string[] {
    return within(this.nodeAddresses, block)
  }

  /** The protocols and numbers that pods declare for a port name: `tcp:8080`. Sorted. */
  numbersOf(port: string): readonly string[] {
    return [...(this.numbers.get(port) ?? [])].toSorted()
  }
}

/** The id of a policy's ACLs on Windows. Azure NPM joins the names with a dash, which both may contain, so ids may collide. */
export const aclId = ({namespace, object}: PolicyView): string => `azure-acl-${namespace}-${object.metadata.name}`

const isFinished = ({status}: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = map.get(key)
  if (known) known.push(value)
  else map.set(key, [value])
}

function addresses(given: readonly (readonly [string | undefined, string])[]): Addressed[] {
  const all: Addressed[] = []
  for (const [text, name] of given) {
    const address = parseIpv4(text ?? '')
    if (address !== undefined) all.push({address, name})
  }
  return all.toSorted((a, b) => a.address - b.address)
}

/** Names of pods or nodes with an address in a block and in none of its exceptions. */
function within(all: readonly Addressed[], given: PolicyPeer['ipBlock']): string[] {
  const block = given && parseIpv4Block(given.cidr)
  if (!block) return []
  const excepted = (given.except ?? []).flatMap(text => parseIpv4Block(text) ?? [])
  const names = new Set<string>()
  for (let at = firstIn(all, block); at < all.length; at++) {
    const {address, name} = all[at] as Addressed
    if (!blockHolds(block, address)) break
    if (!excepted.some(each => blockHolds(each, address))) names.add(name)
  }
  return [...names]
}

/** Index of the first address that may be in a block. A binary search, because clusters have many pods and policies many blocks. */
function firstIn(all: readonly Addressed[], {base}: Ipv4Block): number {
  let low = 0
  let high = all.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((all[middle] as Addressed).address < base) low = middle + 1
    else high = middle
  }
  return low
}
