import type {LiveSample} from '../contract/live.ts'

/** Counts of the rules of one structure at one moment, by their numbers. NaN for a rule of which no sample has told yet. */
export interface RuleCounts {
  /** Digest of the rules. */
  readonly structure: string
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly packets: Float64Array
  readonly bytes: Float64Array
}

/** Per second, by the number of a rule. NaN where a rule was not there before. */
export interface RuleRates {
  readonly packets: Float64Array
  readonly bytes: Float64Array
}

/** Of a node as a whole, per second. Null where it is not known. */
export interface NodeRates {
  readonly newConnections: number | null
  readonly drops: number | null
  readonly dropBytes: number | null
}

/**
 * What was counted between two moments. A total that went back began again at 0, so all of it was counted since: at least that much
 * was.
 */
const increase = (before: number, now: number): number => (now >= before ? now - before : now)

/**
 * Rates of rules between two samples.
 *
 * @param numberBefore the number that a rule had in the sample before; undefined for a new rule
 * @returns undefined when no rule is in both, and for samples of the same moment
 */
export function ruleRates(
  before: RuleCounts,
  now: RuleCounts,
  numberBefore: (number: number) => number | undefined = number => number,
): RuleRates | undefined {
  const seconds = (now.atMs - before.atMs) / 1000
  if (!(seconds > 0)) return undefined
  const packets = new Float64Array(now.packets.length).fill(Number.NaN)
  const bytes = new Float64Array(now.packets.length).fill(Number.NaN)
  let isAny = false
  for (let number = 0; number < packets.length; number++) {
    const old = numberBefore(number)
    const [packetsBefore, bytesBefore] = old === undefined ? [] : [before.packets[old], before.bytes[old]]
    const packetsNow = now.packets[number] as number
    const bytesNow = now.bytes[number] as number
    if (packetsBefore === undefined || bytesBefore === undefined || Number.isNaN(packetsBefore) || Number.isNaN(packetsNow))
      continue
    // Both are reset at once, and bytes tell it even where more packets came since.
    const isReset = packetsNow < packetsBefore || bytesNow < bytesBefore
    packets[number] = (isReset ? packetsNow : packetsNow - packetsBefore) / seconds
    bytes[number] = (isReset ? bytesNow : bytesNow - bytesBefore) / seconds
    isAny = true
  }
  return isAny || packets.length === 0 ? {packets, bytes} : undefined
}

/** Rates of a node between two samples of it. Undefined for samples of the same moment. */
export function nodeRates(before: LiveSample, now: LiveSample): NodeRates | undefined {
  const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1000
  if (!(seconds > 0)) return undefined
  const rate = (what: 'newConnections' | 'drops' | 'dropBytes'): number | null => {
    const [old, current] = [before.summary[what], now.summary[what]]
    return old === null || current === null ? null : increase(old, current) / seconds
  }
  return {newConnections: rate('newConnections'), drops: rate('drops'), dropBytes: rate('dropBytes')}
}
