import {createHash} from 'node:crypto'
import type {RuleCounters} from '../../core/dataplane/rule-counters.ts'
import {type ChainPlaces, rulePlaces} from '../../core/linux/counters/rule-places.ts'
import type {Text} from '../../core/text/lines.ts'
import {generationOf} from '../netlink/generation.ts'
import {readPart} from '../netlink/message.ts'
import {clearCounter, readChain, readCounter, rulesRequest} from '../netlink/nft-rules.ts'
import type {NetlinkSocket, OpenNetlink} from '../netlink/socket.ts'
import type {LearnedCounters, Learning} from './learned-counters.ts'
import type {ThreadTime} from './thread-time.ts'

const TABLE = 'filter'
/** Programs that change rules all the time would have it begin again for ever. */
const TRIES = 3
/** What was passed over is read again after this long: somebody may have reset the counters of a single chain. */
const ALL_MS = 60_000

interface Known {
  /** Of the rule sets: while it is the same, all rules are. */
  generation: number
  /** Of all rules of table filter. */
  readonly digest: string
  readonly chains: readonly ChainPlaces[]
  last: RuleCounters
  allMs: number
  /** Chains that packets had come to in the last read. One of them may still have been on its way through. */
  moved: ReadonlySet<string>
}

/**
 * Reads counters from the kernel's nf_tables itself. The rules must have been learned from the text of iptables-nft-save; while they are the
 * same, reading 2,000 counters takes four milliseconds at most, a tenth of what the tool takes, and a chain of a policy is passed over to
 * which no packet has come.
 */
export class NftCounters implements LearnedCounters {
  private readonly open: OpenNetlink
  private readonly time: ThreadTime
  private known: Known | undefined
  /** A generation whose rules could not be told apart. */
  private unclear: number | undefined

  /** @param time is told what it spends */
  constructor(open: OpenNetlink, time: ThreadTime) {
    this.open = open
    this.time = time
  }

  async read(): Promise<RuleCounters | undefined> {
    if (!this.known) return undefined
    const {known} = this
    return this.time.spendInSlices(async () => {
      using socket = this.open()
      for (let tries = 0; tries < TRIES; tries++) {
        const generation = generationOf(socket)
        if (generation === this.unclear) return undefined
        if (generation === known.generation) {
          const found = await this.readChains(socket, known)
          if (found && generationOf(socket) === generation) {
            Object.assign(known, found)
            return found.last
          }
        } else {
          const rules = await this.readRules(socket)
          if (!rules || generationOf(socket) !== generation) continue
          if (rules.digest !== known.digest) return undefined
          // Another table was changed, or counters were set.
          known.generation = generation
          known.allMs = -Infinity
        }
      }
      return undefined
    })
  }

  beginLearning(): Learning {
    const generation = this.time.spend(() => {
      using socket = this.open()
      return generationOf(socket)
    })
    return async (text, counters) => {
      await this.learn(generation, text, counters)
      return undefined
    }
  }

  private async learn(generation: number, text: Text, counters: RuleCounters): Promise<void> {
    this.known = undefined
    if (generation === this.unclear) return
    await this.time.spendInSlices(async () => {
      using socket = this.open()
      const rules = await this.readRules(socket)
      if (!rules || generationOf(socket) !== generation) return
      const {sizes, digest} = rules
      const chains = rulePlaces(text, counters.structure)
      if (chains.length === sizes.size && chains.every(({chain, numbers}) => sizes.get(chain) === numbers.length)) {
        const own = chains.filter(({numbers}) => numbers.some(number => number >= 0))
        // Counters of jumps are read before those of the chains that they lead to: see `readChains`.
        const ordered = [...own.filter(({jumps}) => jumps.length === 0), ...own.filter(({jumps}) => jumps.length > 0)]
        this.known = {generation, digest, chains: ordered, last: counters, allMs: -Infinity, moved: new Set()}
      } else this.unclear = generation
    })
  }

  /**
   * Reads chain by chain: of a whole table, the kernel goes over all rules again for every 40 that it tells.
   *
   * A packet is counted by the jump first, then in the chain behind it. So who reads in that order sees the jump move in this read or in the
   * next one when the packet is in the chain; and reads the chain once more in the read after, when the packet has left it.
   */
  private async readChains(
    socket: NetlinkSocket,
    known: Readonly<Known>,
  ): Promise<Pick<Known, 'last' | 'moved' | 'allMs'> | undefined> {
    const {last} = known
    const packets = last.packets.slice()
    const bytes = last.bytes.slice()
    const now = performance.now()
    const isAll = now - known.allMs >= ALL_MS
    const moved = new Set<string>()
    const found = {packets: new Float64Array(64), bytes: new Float64Array(64)}
    for (const {chain, numbers, jumps} of known.chains) {
      const hasMoved = jumps.some(jump => packets[jump] !== last.packets[jump])
      if (hasMoved) moved.add(chain)
      if (jumps.length > 0 && !hasMoved && !isAll && !known.moved.has(chain)) continue
      let count = 0
      const isWhole = await this.answer(socket, rulesRequest(TABLE, chain), (part, start, end) => {
        if (count === found.packets.length) grow(found)
        readCounter(part, start, end, found, count++)
      })
      if (!isWhole || count !== numbers.length) return undefined
      for (const [place, number] of numbers.entries())
        if (number >= 0) {
          packets[number] = found.packets[place] as number
          bytes[number] = found.bytes[place] as number
        }
    }
    return {last: {...last, packets, bytes}, moved, allMs: isAll ? now : known.allMs}
  }

  /** How many rules each chain of the table has, and a digest of them all. Undefined when they were changed meanwhile. */
  private async readRules(socket: NetlinkSocket): Promise<{sizes: ReadonlyMap<string, number>; digest: string} | undefined> {
    const sizes = new Map<string, number>()
    const hash = createHash('sha256')
    const isWhole = await this.answer(socket, rulesRequest(TABLE), (part, start, end) => {
      const chain = readChain(part, start, end)
      sizes.set(chain, (sizes.get(chain) ?? 0) + 1)
      clearCounter(part, start, end)
      hash.update(part.subarray(start, end))
    })
    return isWhole ? {sizes, digest: hash.digest('base64')} : undefined
  }

  /** Reads an answer of many messages. False when something was changed while the kernel told it. */
  private async answer(
    socket: NetlinkSocket,
    request: Buffer,
    take: (part: Buffer, start: number, end: number) => void,
  ): Promise<boolean> {
    socket.send(request)
    let isWhole = true
    for (;;) {
      const part = socket.receive()
      const {isLast, isInterrupted} = readPart(part, (start, end) => take(part, start, end))
      if (isInterrupted) isWhole = false
      if (isLast) return isWhole
      if (this.time.isLong) await this.time.breathe()
    }
  }
}

function grow(found: {packets: Float64Array; bytes: Float64Array}): void {
  for (const name of ['packets', 'bytes'] as const) {
    const larger = new Float64Array(found[name].length * 2)
    larger.set(found[name])
    found[name] = larger
  }
}
