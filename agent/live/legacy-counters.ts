import {setTimeout as sleep} from 'node:timers/promises'
import type {RuleCounters} from '../../core/dataplane/rule-counters.ts'
import {rulePlaces} from '../../core/linux/counters/rule-places.ts'
import type {Text} from '../../core/text/lines.ts'
import {KernelError} from '../native/kernel-error.ts'
import {clearCounters, type EntryPlaces, findEntries, readCounters, type TableInfo} from '../xtables/entries.ts'
import type {OpenXtables} from '../xtables/socket.ts'
import type {LearnedCounters, Learning} from './learned-counters.ts'
import type {ThreadTime} from './thread-time.ts'

const TABLE = 'filter'
/** Programs that change rules all the time would have it begin again for ever. */
const TRIES = 3
/** A tool puts a table in the place of another one first, and adds what the old one had counted then. */
const REPLACING_MS = 50

/** A table as the kernel gave it. */
interface Snapshot {
  readonly info: TableInfo
  readonly entries: Buffer
}

interface Known {
  /** What all entries have counted is overwritten in it. */
  readonly cleared: Buffer
  readonly all: readonly number[]
  /** Where the rules of the structure stand, in its order. */
  readonly rules: readonly number[]
  last: RuleCounters
}

/**
 * Reads counters from the kernel's ip_tables. It always gives a whole table, rules and counters together: of 2,000 rules that takes five
 * milliseconds, a tenth of what the tool takes.
 */
export class LegacyCounters implements LearnedCounters {
  private readonly open: OpenXtables
  private readonly time: ThreadTime
  private readonly mostBytes: number
  private known: Known | undefined
  /** The last answer to read the rules that are known, whose memory is used again. */
  private spare: Buffer | undefined

  /**
   * @param time is told what it spends
   * @param mostBytes of a table; it is held twice
   */
  constructor(open: OpenXtables, time: ThreadTime, mostBytes: number) {
    this.open = open
    this.time = time
    this.mostBytes = mostBytes
  }

  async read(): Promise<RuleCounters | undefined> {
    const counters = this.readOnce()
    if (!counters || !this.known) return undefined
    const {last} = this.known
    if (hasLess(counters, last)) {
      // Set back, or replaced in this moment.
      await sleep(REPLACING_MS)
      const again = this.readOnce()
      if (again) this.known.last = again
      return again
    }
    this.known.last = counters
    return counters
  }

  beginLearning(): Learning {
    this.known = undefined
    // The kernel leaves out what stands behind names, so that of other rules would still be there.
    this.spare = undefined
    const before = this.time.spend(() => this.snapshot())
    return async (text, counters) => this.time.spend(() => this.learn(before, text, counters))
  }

  private learn(before: Snapshot | undefined, text: Text, counters: RuleCounters): RuleCounters | undefined {
    const after = before && this.snapshot()
    if (!before || after?.entries.length !== before.entries.length) return undefined
    const {all, chains} = findEntries(after.entries, after.info)
    const rules = placesOf(chains, text, counters)
    const last = {...counters, ...readCounters(after.entries, rules ?? [])}
    clearCounters(before.entries, all)
    clearCounters(after.entries, all)
    if (!rules || !before.entries.equals(after.entries)) return undefined
    this.known = {cleared: before.entries, all, rules, last}
    this.spare = after.entries
    return last
  }

  private readOnce(): RuleCounters | undefined {
    const {known} = this
    if (!known) return undefined
    return this.time.spend(() => {
      const entries = this.snapshot(known.cleared.length)?.entries
      if (!entries) return undefined
      this.spare = entries
      const counted = readCounters(entries, known.rules)
      clearCounters(entries, known.all)
      return entries.equals(known.cleared) ? {...known.last, ...counted} : undefined
    })
  }

  /** @param length of a table that is known: one of another size is not read */
  private snapshot(length?: number): Snapshot | undefined {
    using socket = this.open()
    for (let tries = 0; tries < TRIES; tries++) {
      const info = socket.info(TABLE)
      if (info.bytes > this.mostBytes) throw new KernelError(`xtables: a table of ${info.bytes} bytes`)
      const entries = socket.entries(TABLE, info, this.spare)
      this.spare = undefined
      if (entries && length !== undefined && entries.length !== length) return undefined
      if (entries) return {info, entries}
    }
    return undefined
  }
}

/** Where the rules of a structure stand; undefined when the text does not have the chains and rules of the kernel. */
function placesOf(chains: EntryPlaces['chains'], text: Text, {structure}: RuleCounters): number[] | undefined {
  const told = rulePlaces(text, structure)
  const filled = [...chains.values()].filter(rules => rules.length > 0)
  if (told.length !== filled.length) return undefined
  const places: number[] = Array.from({length: structure.rules.length}, () => -1)
  for (const {chain, numbers} of told) {
    const found = chains.get(chain)
    if (found?.length !== numbers.length) return undefined
    for (const [place, number] of numbers.entries()) if (number >= 0) places[number] = found[place] as number
  }
  return places.includes(-1) ? undefined : places
}

const hasLess = ({packets}: RuleCounters, last: RuleCounters): boolean =>
  packets.some((count, number) => count < (last.packets[number] as number))
