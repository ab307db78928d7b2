import {totalmem} from 'node:os'
import {getHeapStatistics} from 'node:v8'
import {InputError} from '../../core/problem/input-error.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

/** What the inputs of one command may have, all of them together. */
export interface InputLimits {
  /** Bytes of content, unpacked. */
  readonly bytes: number
  /** Files, folders, links and entries of archives. */
  readonly entries: number
  /** How many bytes one packed byte may become. */
  readonly ratio: number
  /** Up to this size the ratio does not matter. */
  readonly ratioFloorBytes: number
}

/**
 * The limits for this process.
 *
 * Content becomes text in the heap, and what is parsed of it takes several times more, so the limit follows the heap: with the heap of
 * 4 GiB that Node takes on most machines it is 2 GiB, and a save of 800 MB passes. Saves of iptables and ipset, objects and logs pack to
 * a seventh up to a thirty-third; a two-hundredth leaves room. A cluster has at most 5,000 nodes, of which a dump holds a dozen files each.
 *
 * @param heapBytes what this process may use for its heap
 */
export function inputLimits(heapBytes = getHeapStatistics().heap_size_limit): InputLimits {
  return {bytes: Math.min(4 * GIB, Math.floor(heapBytes / 2)), entries: 150_000, ratio: 200, ratioFloorBytes: 32 * MIB}
}

/**
 * The most that one document of an agent may have, unpacked. Agents end a tool there (`toolBytes` of their limits).
 */
export const snapshotDocumentBytes = 2 * GIB

/** What a dump of a cluster may take while it is compressed, outside of the heap: a quarter of this machine's memory, at least 1 GiB. */
export const packedLimitBytes = (): number => Math.max(GIB, Math.floor(totalmem() / 4))

/** An input has more than it may. */
export class InputLimitError extends InputError {
  constructor(message: string, next: string) {
    super(message, next)
    this.name = 'InputLimitError'
  }
}

const HEAP = 'a larger heap: NODE_OPTIONS=--max-old-space-size=MEGABYTES, at least twice what the inputs have.'
/** What to do, by where the inputs come from. */
const ADVICE = {
  files: {
    bytes: `Give fewer inputs at once, or ${HEAP}`,
    entries: 'Give the folders or files you mean one by one.',
    ratio: 'No save packs that well. If you trust it, unpack it by hand and give the folder or the file.',
  },
  agents: {
    bytes: `Choose fewer nodes with --node, or give ${HEAP}`,
    entries: 'Choose fewer nodes with --node.',
    ratio: 'No node has that. Look at its agent: kubectl npm status',
  },
} as const

const shown = (bytes: number): string => (bytes < MIB ? `${bytes} bytes` : `${Math.floor(bytes / MIB)} MiB`)

/** Counts what a command reads, and ends it when it is more than the limits allow. One budget serves all inputs of a command. */
export class InputBudget {
  private readonly limits: InputLimits
  private readonly advice: (typeof ADVICE)[keyof typeof ADVICE]
  private bytes = 0
  private entries = 0

  constructor(source: keyof typeof ADVICE, limits: InputLimits = inputLimits()) {
    this.limits = limits
    this.advice = ADVICE[source]
  }

  /**
   * Counts bytes of content, before they are kept.
   *
   * @param name of the input, as the person gave it
   * @throws InputLimitError
   */
  takeBytes(count: number, name: string): void {
    this.bytes += count
    if (this.bytes > this.limits.bytes)
      throw new InputLimitError(
        `${name}: with it the inputs have more than ${shown(this.limits.bytes)}, the limit for this machine's memory`,
        this.advice.bytes,
      )
  }

  /**
   * Counts a file, a folder, a link or an entry of an archive.
   *
   * @throws InputLimitError
   */
  takeEntry(name: string): void {
    this.entries++
    if (this.entries > this.limits.entries)
      throw new InputLimitError(
        `${name}: with it the inputs have more than ${this.limits.entries} files and folders`,
        this.advice.entries,
      )
  }

  /**
   * Looks at what packed content became so far.
   *
   * @throws InputLimitError
   */
  checkRatio(sizeBytes: number, packedBytes: number, name: string): void {
    const {ratio, ratioFloorBytes} = this.limits
    if (sizeBytes <= ratioFloorBytes || sizeBytes <= packedBytes * ratio) return
    throw new InputLimitError(
      `${name}: ${shown(packedBytes)} of it unpack to ${shown(sizeBytes)}, more than ${ratio} times as much`,
      this.advice.ratio,
    )
  }
}
