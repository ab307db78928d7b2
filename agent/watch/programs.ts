import type {DataPlane} from '../../core/dataplane/dataplane.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import type {IncrementalProgram, ObjectEvent} from '../../core/policy/incremental.ts'
import type {CompileOptions, Program} from '../../core/policy/program.ts'

/** One node seldom asks for more than one set of options: its release, and so its names, changes with an upgrade only. */
const MOST_FOLLOWERS = 3

/** One follower gives both programs of a set of options: with all sets, and with only those that policies use. */
interface Follower {
  readonly incremental: IncrementalProgram
  /** The programs as last given out. Empty after a change. */
  last: {all?: Program; needed?: Program}
}

/**
 * Programs that follow the cluster. Each is compiled when it is first asked for, then updated with each change; the least
 * recently used of more than `MOST_FOLLOWERS` is dropped.
 *
 * Callers hand the data plane in: an agent that is never asked for a program does not load one.
 */
export class Programs {
  private readonly objects: () => ClusterObjects
  private readonly mostRules: number
  private readonly followers = new Map<string, Follower>()

  /** @param mostRules of all policies of a program; the largest beyond it are left out, and named in its refusals */
  constructor(objects: () => ClusterObjects, mostRules: number) {
    this.objects = objects
    this.mostRules = mostRules
  }

  /** @param events changes that `objects` shows already */
  apply(events: readonly ObjectEvent[]): void {
    for (const follower of this.followers.values()) {
      for (const event of events) follower.incremental.apply(event)
      follower.last = {}
    }
  }

  /** The program of all objects. The same object is returned until something changes. */
  programFor(dataPlane: DataPlane, {isOnNeed = false, ...options}: CompileOptions): Program {
    const key = keyOf(dataPlane, options)
    const follower = this.followers.get(key) ?? this.open(dataPlane, options)
    // The map is in the order of use: the first entry is the one to drop.
    this.followers.delete(key)
    this.followers.set(key, follower)
    for (const oldest of this.followers.keys()) {
      if (this.followers.size <= MOST_FOLLOWERS) break
      this.followers.delete(oldest)
    }
    const {last, incremental} = follower
    if (isOnNeed) return (last.needed ??= incremental.program(true))
    return (last.all ??= incremental.program(false))
  }

  private open({policyCompiler}: DataPlane, options: CompileOptions): Follower {
    const incremental = policyCompiler.incrementalProgram({...options, mostRules: this.mostRules})
    incremental.applyAll(this.objects())
    return {incremental, last: {}}
  }
}

/** A rule that differs from the node's is held in several forms while its effect is sought, together about 1 KiB. */
const HEAP_BYTES_PER_RULE = 2048

/** How many rules of all policies an agent compiles, so that a comparison takes half of its heap at most. */
export const rulesForHeap = (heapBytes: number): number => Math.floor(heapBytes / HEAP_BYTES_PER_RULE)

/** Equal for equal options: an option that is off may be absent. */
const keyOf = ({name}: DataPlane, options: CompileOptions): string =>
  JSON.stringify([name, ...Object.entries(options).filter(isOn).toSorted(byName)])

const isOn = ([, value]: [string, unknown]): boolean => value !== undefined && value !== false
const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)
