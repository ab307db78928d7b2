import {declaredPorts, namedPorts} from '../kubernetes/named-ports.ts'
import type {Namespace, Pod} from '../kubernetes/objects.ts'
import {isBehindIpv6, policyAddress, policyIp} from '../kubernetes/pod-filter.ts'
import type {BuiltSet} from './built-set.ts'
import {namespaceSet, type ObjectNames} from './named-set.ts'
import {objectNames} from './object-names.ts'
import type {CompileOptions} from './program.ts'
import type {SetTable} from './set-table.ts'

/** A namespace by name: the object, if it exists, and the number of its pods with a policy address. */
interface NamespaceState {
  readonly name: string
  object?: Namespace
  pods: number
  isListed: boolean
}

/** An entry in a set. */
interface Place {
  readonly set: BuiltSet
  readonly entry: string
}

/** The sets of a label's key and of the label with its value. */
type LabelSets = readonly [BuiltSet, BuiltSet]

/**
 * Fills the sets that result from pods and namespaces. Objects can be removed again in any order. Most pods share labels, ports and
 * namespace with other pods, so their sets are cached by label, port and namespace. This cache is most of the speed in a large
 * cluster.
 */
export class ObjectSets {
  private readonly table: SetTable
  private readonly options: CompileOptions
  private readonly names: ObjectNames
  private readonly namespaces = new Map<string, NamespaceState>()
  private readonly namespaceSets = new Map<string, BuiltSet>()
  private readonly portSets = new Map<string, BuiltSet>()
  private readonly labelSets = new Map<string, Map<string, LabelSets>>()

  /** Address → number of pods that have it. */
  private readonly addresses = new Map<number, number>()
  /** Number of addresses that several pods share. */
  private shared = 0
  /** Number of calls of `visit`; gives each call its own number. */
  private visited = 0

  private readonly add: (set: BuiltSet, entry: string) => void
  private readonly remove: (set: BuiltSet, entry: string) => void

  constructor(table: SetTable, options: CompileOptions) {
    this.table = table
    this.add = (set, entry) => table.addEntry(set, entry)
    this.remove = (set, entry) => table.removeEntry(set, entry)
    this.options = options
    this.names = objectNames(options)
  }

  addPod(pod: Pod): void {
    const address = this.addressOf(pod)
    if (address === undefined) return
    this.visit(pod, this.add)
    this.count(pod, address, 1)
  }

  removePod(pod: Pod): void {
    const address = this.addressOf(pod)
    if (address === undefined) return
    this.visit(pod, this.remove)
    this.count(pod, address, -1)
    this.forgetGone(pod)
  }

  /** Touches only sets that the pod enters or leaves: most updates change neither labels nor ports nor address. */
  replacePod(before: Pod, after: Pod): void {
    const [oldAddress, newAddress] = [this.addressOf(before), this.addressOf(after)]
    const left: Place[] = []
    if (oldAddress !== undefined) this.visit(before, (set, entry) => left.push({set, entry}))
    // Add before removing, so that a set that stays is not deleted and created again.
    if (newAddress !== undefined) {
      this.visit(after, (set, entry) => {
        const at = left.findIndex(place => place.set === set && place.entry === entry)
        if (at < 0) this.table.addEntry(set, entry)
        else left.splice(at, 1)
      })
      this.count(after, newAddress, 1)
    }
    for (const {set, entry} of left) this.table.removeEntry(set, entry)
    if (oldAddress === undefined) return
    this.count(before, oldAddress, -1)
    this.forgetGone(before)
  }

  /** Calls `see` for every set that a pod belongs to, with the entry. Each pair is visited once. */
  private visit(pod: Pod, see: (set: BuiltSet, entry: string) => void): void {
    const {labels, namespace = 'default'} = pod.metadata
    const address = policyIp(pod) as string
    const number = ++this.visited
    for (const key in labels) {
      const [keySet, valueSet] = this.setsOfLabel(key, labels[key] as string)
      // A key from a file may contain a colon. Its set may then be that of another key with its value.
      if (keySet.lastPod !== number) see(keySet, address)
      keySet.lastPod = number
      if (valueSet.lastPod !== number) see(valueSet, address)
      valueSet.lastPod = number
    }
    for (const {port, suffix} of namedPorts(pod, this.options.semantics === 'kubernetes'))
      see(this.setOfPort(port), address + suffix)
    see(this.setOfNamespace(namespace), address)
  }

  /** Removes sets from the caches that are gone since a pod was removed. */
  private forgetGone(pod: Pod): void {
    const {labels, namespace = 'default'} = pod.metadata
    for (const key in labels) {
      const values = this.labelSets.get(key)
      const sets = values?.get(labels[key] as string)
      if (sets?.some(({isGone}) => isGone)) values?.delete(labels[key] as string)
      if (values?.size === 0) this.labelSets.delete(key)
    }
    for (const {name = ''} of declaredPorts(pod)) if (this.portSets.get(name)?.isGone) this.portSets.delete(name)
    if (this.namespaceSets.get(namespace)?.isGone) this.namespaceSets.delete(namespace)
  }

  /** The address that a pod adds to sets; undefined when it adds none. */
  private addressOf(pod: Pod): number | undefined {
    const {isLite, node, semantics} = this.options
    const isSeen = !isLite || semantics === 'kubernetes' || (node !== undefined && pod.spec?.nodeName === node)
    return isSeen && (semantics === 'kubernetes' || !isBehindIpv6(pod)) ? policyAddress(pod) : undefined
  }

  private setsOfLabel(key: string, value: string): LabelSets {
    const values = this.labelSets.get(key)
    const known = values?.get(value)
    if (known && !known[0].isGone && !known[1].isGone) return known
    const sets: LabelSets = [this.table.set(this.names.podKey(key)), this.table.set(this.names.podLabel(`${key}:${value}`))]
    if (values) values.set(value, sets)
    else this.labelSets.set(key, new Map([[value, sets]]))
    return sets
  }

  private setOfPort(port: string): BuiltSet {
    const known = this.portSets.get(port)
    if (known && !known.isGone) return known
    const set = this.table.set({type: 'NamedPorts', name: `namedport:${port}`})
    this.portSets.set(port, set)
    return set
  }

  private setOfNamespace(name: string): BuiltSet {
    const known = this.namespaceSets.get(name)
    if (known && !known.isGone) return known
    const set = this.table.set(namespaceSet(name))
    this.namespaceSets.set(name, set)
    return set
  }

  /**
   * Adds, replaces or removes a namespace.
   *
   * @param object the namespace as it is now; undefined when it no longer exists
   */
  setNamespace(name: string, object: Namespace | undefined): void {
    const state = this.stateOf(name)
    const before = state.object
    if (object) state.object = object
    else delete state.object
    // Add before removing, so that a set that stays is not deleted and created again.
    if (object && this.isInForce(object)) {
      this.table.hold(this.setOfNamespace(name))
      for (const list of this.listsOf(object)) this.table.addPart(list, this.setOfNamespace(name))
    }
    if (before && this.isInForce(before)) {
      const set = this.setOfNamespace(name)
      for (const list of this.listsOf(before)) this.table.removePart(list, set)
      this.listNamespace(state)
      this.table.release(set)
      if (set.isGone) this.namespaceSets.delete(name)
    } else this.listNamespace(state)
  }

  /** Azure NPM removes a namespace from all lists when its deletion starts, although its pods may still run. */
  private isInForce({metadata}: Namespace): boolean {
    if (this.options.semantics === 'kubernetes') return true
    return !metadata.deletionTimestamp && metadata.deletionGracePeriodSeconds === undefined
  }

  private listsOf({metadata}: Namespace): BuiltSet[] {
    return Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
      this.table.set(this.names.namespaceKey(key)),
      this.table.set(this.names.namespaceLabel(`${key}:${value}`)),
    ])
  }

  private stateOf(name: string): NamespaceState {
    let state = this.namespaces.get(name)
    if (!state) {
      state = {name, pods: 0, isListed: false}
      this.namespaces.set(name, state)
    }
    return state
  }

  private count({metadata: {namespace = 'default'}}: Pod, address: number, change: 1 | -1): void {
    const state = this.stateOf(namespace)
    state.pods += change
    if (state.pods <= 1) this.listNamespace(state)
    this.countAddress(address, change)
  }

  /** Two pods may share an address for a moment: one is ending while the next already has it. */
  private countAddress(address: number, change: 1 | -1): void {
    const before = this.addresses.get(address) ?? 0
    const now = before + change
    if (now === 0) this.addresses.delete(address)
    else this.addresses.set(address, now)
    if (Math.max(before, now) < 2) return
    if (now === 2 && change === 1) this.shared++
    if (now === 1) this.shared--
    this.table.hasRepeats = this.shared > 0
  }

  /** Keeps the list of all namespaces. It contains a namespace that is known only by its pods, too. */
  private listNamespace(state: NamespaceState): void {
    const isListed = state.object ? this.isInForce(state.object) : state.pods > 0
    if (isListed !== state.isListed) {
      const list = this.table.set(this.names.allNamespaces)
      const set = this.setOfNamespace(state.name)
      if (isListed) this.table.addPart(list, set)
      else this.table.removePart(list, set)
      state.isListed = isListed
    }
    if (!state.object && state.pods === 0) this.namespaces.delete(state.name)
  }
}
