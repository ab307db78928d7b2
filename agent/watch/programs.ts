import type {ClusterObjects} from '../../core/cluster/objects.ts'
import {IncrementalProgram, type ObjectEvent} from '../../core/policy/incremental.ts'
import type {CompileOptions, Program} from '../../core/policy/program.ts'

/** A comparison asks for two: all sets, and those that policies need. Another name scheme or semantics is asked for rarely. */
const MOST_PROGRAMS = 4

interface Followed {
  readonly incremental: IncrementalProgram
  /** As last given out; undefined when an event came since. */
  last: Program | undefined
}

/** Programs that follow the cluster: made when first asked for, and kept as long as they are among the last few asked for. */
export class Programs {
  private readonly objects: () => ClusterObjects
  private readonly followed = new Map<string, Followed>()

  constructor(objects: () => ClusterObjects) {
    this.objects = objects
  }

  /** Takes what `objects` already shows. */
  apply(events: readonly ObjectEvent[]): void {
    for (const program of this.followed.values()) {
      for (const event of events) program.incremental.apply(event)
      program.last = undefined
    }
  }

  programFor(options: CompileOptions): Program {
    const key = keyOf(options)
    const program = this.followed.get(key) ?? this.open(options)
    // Last asked for, last in the map: the first one in it goes when there are too many.
    this.followed.delete(key)
    this.followed.set(key, program)
    for (const oldest of this.followed.keys()) {
      if (this.followed.size <= MOST_PROGRAMS) break
      this.followed.delete(oldest)
    }
    program.last ??= program.incremental.program()
    return program.last
  }

  private open(options: CompileOptions): Followed {
    const incremental = new IncrementalProgram(options)
    incremental.applyAll(this.objects())
    return {incremental, last: undefined}
  }
}

/** The same for options that mean the same: an option that is off may be absent. */
const keyOf = (options: CompileOptions): string => JSON.stringify(Object.entries(options).filter(isOn).toSorted(byName))

const isOn = ([, value]: [string, unknown]): boolean => value !== undefined && value !== false
const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1)
