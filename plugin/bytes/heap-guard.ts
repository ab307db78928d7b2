import {getHeapStatistics, setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import {InputError} from '../../core/problem/input-error.ts'
import type {MemoryCheck} from '../../core/text/memory.ts'

const MIB = 1024 ** 2

/** Kept free: a table that doubles takes a tenth of a heap at once. */
const RESERVE_SHARE = 0.12
const LEAST_RESERVE = 64 * MIB
/** V8 counts its young generation to the limit: up to three times 32 MiB, of which old objects get nothing. */
const YOUNG_BYTES = 96 * MIB

/** What the guard knows of the heap. Replaced in tests. */
export interface Heap {
  readonly limitBytes: number
  /** Garbage that was not collected yet included. */
  readonly usedBytes: () => number
  readonly collect: () => void
}

/** The heap of this process. */
export function processHeap(): Heap {
  let collect: (() => void) | undefined
  return {
    limitBytes: getHeapStatistics().heap_size_limit - YOUNG_BYTES,
    usedBytes: () => getHeapStatistics().used_heap_size,
    collect() {
      if (!collect) {
        // Node has no other way to a collection; it is made only when the heap is nearly full, which V8 would do by itself.
        setFlagsFromString('--expose-gc')
        collect = runInNewContext('gc') as () => void
      }
      collect()
    },
  }
}

/**
 * Makes the check that ends a command in words before its heap is full: V8 ends the process then, and nothing can catch that.
 *
 * Much of a used heap is garbage, so it is collected before anything is refused.
 *
 * @returns a check that throws InputError
 */
export function heapGuard({limitBytes, usedBytes, collect}: Heap = processHeap()): MemoryCheck {
  const most = limitBytes - Math.max(limitBytes * RESERVE_SHARE, LEAST_RESERVE)
  /** Below it nothing needs to be collected to know that there is room. */
  let calm = most
  return (mostBytes, exactly) => {
    if (usedBytes() + mostBytes < calm) return
    const neededBytes = exactly?.() ?? mostBytes
    if (exactly && usedBytes() + neededBytes < calm) return
    collect()
    const used = usedBytes()
    if (used + neededBytes > most)
      throw new InputError(
        `this input takes more than the ${Math.floor(limitBytes / MIB)} MiB that Node may use for its heap`,
        'Give fewer or smaller inputs, or a larger heap: NODE_OPTIONS=--max-old-space-size=MEGABYTES before the command.',
      )
    // Half of what is left may fill with garbage before the next look.
    calm = used + neededBytes + Math.max((limitBytes - used - neededBytes) / 2, 0)
  }
}
