import {isCounted} from '../cluster/counted.ts'
import {namedPorts} from '../cluster/named-ports.ts'
import type {Namespace, Pod} from '../cluster/objects.ts'
import type {BuiltSet} from './built-set.ts'
import {allNamespaces, namespaceSet} from './named-set.ts'
import type {CompileOptions} from './program.ts'
import {namespaceKeySet} from './selectors.ts'
import type {SetTable} from './set-table.ts'

/** A namespace by name: the object, if there is one, and how many pods that count are in it. */
interface NamespaceState {
  object?: Namespace
  pods: number
  isListed: boolean
}

/** Fills the sets that come of pods and namespaces. What was added can be removed again, in any order. */
export class ObjectSets {
  private readonly table: SetTable
  private readonly options: CompileOptions
  private readonly namespaces = new Map<string, NamespaceState>()
  private readonly podLabels = new Map<string, Map<string, readonly [BuiltSet, BuiltSet]>>()

  constructor(table: SetTable, options: CompileOptions) {
    this.table = table
    this.options = options
  }

  addPod(pod: Pod): void {
    const address = this.addressOf(pod)
    if (address === undefined) return
    const {table} = this
    for (const set of this.labelSets(pod)) table.addEntry(set, address)
    for (const {port, member} of namedPorts(pod, address)) table.addEntry(portSet(table, port), member)
    const name = pod.metadata.namespace ?? 'default'
    table.addEntry(table.set(namespaceSet(name)), address)
    this.countPod(name, 1)
  }

  removePod(pod: Pod): void {
    const address = this.addressOf(pod)
    if (address === undefined) return
    const {table} = this
    for (const set of this.labelSets(pod)) table.removeEntry(set, address)
    for (const [key, value] of Object.entries(pod.metadata.labels ?? {})) this.forget(key, value)
    for (const {port, member} of namedPorts(pod, address)) table.removeEntry(portSet(table, port), member)
    const name = pod.metadata.namespace ?? 'default'
    table.removeEntry(table.set(namespaceSet(name)), address)
    this.countPod(name, -1)
  }

  private addressOf(pod: Pod): string | undefined {
    const {isLite, node, semantics} = this.options
    const isSeen = !isLite || semantics === 'kubernetes' || (node !== undefined && pod.spec?.nodeName === node)
    return isSeen && isCounted(pod) ? pod.status?.podIP : undefined
  }

  /** Most pods carry labels of many others; building and hashing those names once is most of the speed. */
  private *labelSets({metadata: {labels}}: Pod): Generator<BuiltSet> {
    for (const key in labels) {
      const value = labels[key] as string
      const known = this.podLabels.get(key)?.get(value)
      if (known && !known[0].isGone && !known[1].isGone) yield* known
      else yield* this.newLabelSets(key, value)
    }
  }

  private newLabelSets(key: string, value: string): readonly [BuiltSet, BuiltSet] {
    const sets = [
      this.table.set({type: 'KeyLabelOfPod', name: `podlabel-${key}`}),
      this.table.set({type: 'KeyValueLabelOfPod', name: `podlabel-${key}:${value}`}),
    ] as const
    const values = this.podLabels.get(key)
    if (values) values.set(value, sets)
    else this.podLabels.set(key, new Map([[value, sets]]))
    return sets
  }

  private forget(key: string, value: string): void {
    const values = this.podLabels.get(key)
    if (!values?.get(value)?.some(set => set.isGone)) return
    values.delete(value)
    if (values.size === 0) this.podLabels.delete(key)
  }

  /** @param object the namespace as it is now; undefined when it is no more */
  setNamespace(name: string, object: Namespace | undefined): void {
    const state = this.stateOf(name)
    const before = state.object
    if (object) state.object = object
    else delete state.object
    // The new one is in before the old one is out, so that sets which stay are not dropped and made again.
    if (object && this.isInForce(object)) {
      const set = this.table.set(namespaceSet(name))
      this.table.hold(set)
      for (const list of this.listsOf(object)) this.table.addPart(list, set)
    }
    if (before && this.isInForce(before)) {
      const set = this.table.set(namespaceSet(name))
      for (const list of this.listsOf(before)) this.table.removePart(list, set)
      this.listNamespace(name, state)
      this.table.release(set)
    } else this.listNamespace(name, state)
  }

  /** Azure NPM takes a namespace out of all lists when its deletion starts, though its pods may still run. */
  private isInForce({metadata}: Namespace): boolean {
    if (this.options.semantics === 'kubernetes') return true
    return !metadata.deletionTimestamp && metadata.deletionGracePeriodSeconds === undefined
  }

  private listsOf({metadata}: Namespace): BuiltSet[] {
    return Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
      this.table.set(namespaceKeySet(key, this.options.semantics)),
      this.table.set({type: 'KeyValueLabelOfNamespace', name: `nslabel-${key}:${value}`}),
    ])
  }

  private stateOf(name: string): NamespaceState {
    let state = this.namespaces.get(name)
    if (!state) {
      state = {pods: 0, isListed: false}
      this.namespaces.set(name, state)
    }
    return state
  }

  private countPod(namespace: string, change: 1 | -1): void {
    const state = this.stateOf(namespace)
    state.pods += change
    if (state.pods <= 1) this.listNamespace(namespace, state)
  }

  /** A namespace that is known by its pods only is in the list of all, without labels. */
  private listNamespace(name: string, state: NamespaceState): void {
    const isListed = state.object ? this.isInForce(state.object) : state.pods > 0
    if (isListed !== state.isListed) {
      const list = this.table.set(allNamespaces)
      const set = this.table.set(namespaceSet(name))
      if (isListed) this.table.addPart(list, set)
      else this.table.removePart(list, set)
      state.isListed = isListed
    }
    if (!state.object && state.pods === 0) this.namespaces.delete(name)
  }
}

const portSet = (table: SetTable, port: string): BuiltSet => table.set({type: 'NamedPorts', name: `namedport:${port}`})
