import {linux} from '../../core/dataplanes.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import type {IncrementalProgram, ObjectEvent} from '../../core/policy/incremental.ts'
import type {CompileOptions, Program} from '../../core/policy/program.ts'

/** Nodes of a cluster differ little: another name scheme, generation or meaning is asked for rarely. */
const MOST_FOLLOWERS = 3

/** One follower gives the program of all sets and that of the sets that policies use. */
interface Follower {
  readonly incremental: IncrementalProgram
  /** As last given out; empty when something changed since. */
  last: {all?: Program; needed?: Program}
}

/** Programs that follow the cluster: made when first asked for, and kept as long as they are among the last few asked for. */
export class Programs {
  private readonly objects: () => ClusterObjects
  private readonly followers = new Map<string, Follower>()

  constructor(objects: () => ClusterObjects) {
    this.objects = objects
  }

  /** Takes what `objects` already shows. */
  apply(events: readonly ObjectEvent[]): void {
    for (const follower of this.followers.values()) {
      for (const event of events) follower.incremental.apply(event)
      follower.last = {}
    }
  }

  programFor({isOnNeed = false, ...options}: CompileOptions): Program {
    const key = keyOf(options)
    const follower = this.followers.get(key) ?? this.open(options)
    // Last asked for, last in the map: the first one in it goes when there are too many.
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

  private open(options: CompileOptions): Follower {
    const incremental = linux.policyCompiler.incrementalProgram(options)
    incremental.applyAll(this.objects())
    return {incremental, last: {}}
  }
}

/** The same for options that mean the same: an option that is off may be absent. */
const keyOf = (options: CompileOptions): string => JSON.stringify(Object.entries(options).filter(isOn).toSorted(byName))

const isOn = ([, value]: [string, unknown]): boolean => value !== undefined && value !== false
const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)
