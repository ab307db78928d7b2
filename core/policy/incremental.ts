import {type ClusterObjects, type Namespace, type NetworkPolicy, type Node, objectKey, type Pod} from '../kubernetes/objects.ts'
import {ObjectSets} from './object-sets.ts'
import type {CompileOptions, PolicyPart, ProgramSets, Unsupported} from './program.ts'
import {SetTable} from './set-table.ts'

/** What a watch of the API server reports. */
export type ObjectEvent = {readonly type: 'added' | 'modified' | 'deleted'} & (
  | {readonly kind: 'Pod'; readonly object: Pod}
  | {readonly kind: 'Namespace'; readonly object: Namespace}
  | {readonly kind: 'NetworkPolicy'; readonly object: NetworkPolicy}
  | {readonly kind: 'Node'; readonly object: Node}
)

/** The policies of a program, compiled for one data plane. */
export interface ProgramPolicies<Part extends PolicyPart> {
  /** Adds a policy, or replaces the one of that namespace and name. */
  set(policy: NetworkPolicy): void
  /** @param policy `namespace/name`; deleting an absent one changes nothing */
  delete(policy: string): void
  /** @param namesChanged whether kernel names of sets, or which sets share one, may have changed since the last snapshot */
  snapshot(namesChanged: boolean): Part
  /** Why policies are not in the program, or only in part. `SetTable.settleNames` must have run. */
  refusals(): Unsupported[]
}

/**
 * Creates the policies of an empty program.
 *
 * @param table the program's sets; policies add their own
 */
export type MakePolicies<Part extends PolicyPart> = (table: SetTable, options: CompileOptions) => ProgramPolicies<Part>

/**
 * A program that follows the cluster. The cost of an event grows with the labels, ports or rules of its object, not with the size
 * of the cluster. A snapshot copies one map entry for each set and rebuilds only sets and policies that changed. Callers must not
 * change objects afterwards: they are read again when they are removed.
 */
export class IncrementalProgram<Part extends PolicyPart = PolicyPart> {
  private readonly options: CompileOptions
  private readonly table: SetTable
  private readonly objects: ObjectSets
  private readonly policies: ProgramPolicies<Part>
  /** By namespace and name. */
  private readonly pods = new Map<string, Map<string, Pod>>()
  /** Whether kernel names that rules use may have changed since the last snapshot. */
  private namesChanged = false

  constructor(options: CompileOptions, makePolicies: MakePolicies<Part>) {
    this.options = options
    this.table = new SetTable(options.scheme, options.semantics)
    this.objects = new ObjectSets(this.table, options)
    this.policies = makePolicies(this.table, options)
  }

  /** Applies one event. An object that exists is replaced, even if the event says `added`. Deleting an absent object does nothing. */
  apply(event: ObjectEvent): void {
    const isThere = event.type !== 'deleted'
    switch (event.kind) {
      case 'Pod':
        return this.setPod(event.object, isThere)
      case 'Namespace':
        return this.objects.setNamespace(event.object.metadata.name, isThere ? event.object : undefined)
      case 'NetworkPolicy':
        return isThere ? this.policies.set(event.object) : this.policies.delete(objectKey(event.object))
      case 'Node':
        // Nothing that Azure NPM programs depends on nodes.
        return
    }
  }

  /** Adds all objects of a cluster to an empty program. Of two objects with one name the first counts, as when files are read. */
  applyAll({namespaces, pods, policies}: ClusterObjects): void {
    for (const namespace of firstOfEach(namespaces)) this.objects.setNamespace(namespace.metadata.name, namespace)
    for (const pod of pods) {
      const named = this.podsOf(pod)
      if (named.has(pod.metadata.name)) continue
      this.objects.addPod(pod)
      named.set(pod.metadata.name, pod)
    }
    for (const policy of firstOfEach(policies)) this.policies.set(policy)
  }

  private setPod(pod: Pod, isThere: boolean): void {
    const {name, namespace = 'default'} = pod.metadata
    const named = this.podsOf(pod)
    const before = named.get(name)
    if (isThere && before) this.objects.replacePod(before, pod)
    else if (isThere) this.objects.addPod(pod)
    else if (before) this.objects.removePod(before)
    if (isThere) named.set(name, pod)
    else named.delete(name)
    if (named.size === 0) this.pods.delete(namespace)
  }

  /** All pods, in the order in which they came. */
  protected *allPods(): Generator<Pod> {
    for (const named of this.pods.values()) yield* named.values()
  }

  private podsOf({metadata: {namespace = 'default'}}: Pod): Map<string, Pod> {
    let named = this.pods.get(namespace)
    if (!named) {
      named = new Map()
      this.pods.set(namespace, named)
    }
    return named
  }

  /**
   * A snapshot of the program. Later events do not change it.
   *
   * @param isOnNeed overrides the option of that name, so that one instance serves both programs
   */
  program(isOnNeed = this.options.isOnNeed === true): ProgramSets & Part {
    this.settleNames()
    const part = this.policies.snapshot(this.namesChanged)
    this.namesChanged = false
    return {...this.settledSets(isOnNeed), ...part}
  }

  /** A snapshot of the sets and refusals only. It saves a quarter of the work for callers that need no rules. */
  sets(): ProgramSets {
    this.settleNames()
    return {...this.settledSets(this.options.isOnNeed === true), refusals: this.policies.refusals()}
  }

  private settleNames(): void {
    if (this.table.settleNames()) this.namesChanged = true
  }

  private settledSets(isOnNeed: boolean): Pick<ProgramSets, 'options' | 'sets'> {
    const options = isOnNeed === (this.options.isOnNeed === true) ? this.options : {...this.options, isOnNeed}
    return {options, sets: isOnNeed ? this.table.neededSnapshot() : this.table.snapshot()}
  }
}

function* firstOfEach<Item extends Namespace | NetworkPolicy>(items: readonly Item[]): Generator<Item> {
  const seen = new Set<string>()
  for (const item of items) {
    const key = objectKey(item)
    if (seen.has(key)) continue
    seen.add(key)
    yield item
  }
}
