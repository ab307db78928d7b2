import type {Truth} from '../../../net/truth.ts'
import {sidesOf} from '../../../sets/sides.ts'
import type {Passing} from '../passing.ts'
import {isWritten} from '../written-sets.ts'
import {ALWAYS, type Condition, condition, constant, eachOption, type ModuleReader, negatable} from './condition.ts'
import type {Option} from './options.ts'

/** Options of `-m set` that change what is counted, not what holds. */
const ONLY_COUNT: ReadonlySet<string> = new Set(['update-counters', 'update-subcounters'])

/** A set with more options than the set and its directions. Counters of members are not known. */
export const set: ModuleReader = options => {
  const named = options.find(({name}) => name === 'match-set')
  const [name, directions] = named?.values ?? []
  if (!named || name === undefined || directions === undefined) return undefined
  const rest = options.filter(option => option !== named && !ONLY_COUNT.has(option.name))
  const wantsException = rest.some(option => option.name === 'return-nomatch')
  const hasOthers = rest.some(option => option.name !== 'return-nomatch')
  const sides = sidesOf(directions)
  return negatable(named, {
    fields: sets => sets.asks(name, sides),
    holds: (packet, sets) => {
      if (isWritten(name, packet.writtenSets, sets)) return 'unknown'
      const truth = sets.holds(name, sides, packet, wantsException)
      return truth === true && hasOthers ? 'unknown' : truth
    },
  })
}

/** A probability of 0 never holds and one of 1 always; any other may or may not. */
export const statistic: ModuleReader = options => {
  const option = options.find(({name}) => name === 'probability')
  const probability = Number(option?.value)
  if (!option || (probability !== 0 && probability !== 1)) return undefined
  return constant((probability === 1) !== option.negated)
}

/** Whether a packet comes from elsewhere and goes elsewhere, so that no socket of the node has to do with it. */
const isForwarded = ({in: from, out: to}: Passing): boolean => from === 'other' && to === 'other'

/** Conditions on the program that sent a packet. One that is forwarded has none: only negated conditions hold. */
export const owner: ModuleReader = options =>
  condition(['in', 'out'], packet => (isForwarded(packet) ? options.every(({negated}) => negated) : 'unknown'))

/** A forwarded packet is of no control group, and none of its conditions holds, negated or not. */
export const cgroup: ModuleReader = () => condition(['in', 'out'], packet => (isForwarded(packet) ? false : 'unknown'))

/** The kernel forwards only packets that were sent to the node alone. */
const packetType = (option: Option): Condition =>
  negatable(
    option,
    condition(['in', 'out'], (packet): Truth => (isForwarded(packet) ? option.value === 'unicast' : 'unknown')),
  )

export const pkttype: ModuleReader = eachOption({'pkt-type': packetType})

/** Counts, and holds always. */
export const nfacct: ModuleReader = () => ALWAYS

export const length: ModuleReader = eachOption({
  length: option => (option.value === '0:65535' ? negatable(option, ALWAYS) : undefined),
})
