import {negatedIf, type Truth} from '../../../net/truth.ts'
import type {SetIndex} from '../../../sets/set-index.ts'
import type {Passing} from '../passing.ts'
import type {Option} from './options.ts'

/**
 * What a condition can look at of a packet. `mark` stands for the mark and which of its bits are known, `source` and `destination`
 * also for what is known of the address, `state` and `protocol` also for whether the packet opens its connection, `original` for the destination and
 * port before translation.
 */
export type PacketField =
  | 'source'
  | 'destination'
  | 'protocol'
  | 'port'
  | 'sourcePort'
  | 'mark'
  | 'connectionMark'
  | 'state'
  | 'translation'
  | 'original'
  | 'in'
  | 'out'

/** The options of one match, ready for packets. */
export interface Condition {
  /** Packets that agree on these fields have the same answer. */
  readonly fields: (sets: SetIndex) => readonly PacketField[]
  readonly holds: (packet: Passing, sets: SetIndex) => Truth
}

/** A condition on some fields of a packet. */
export const condition = (fields: readonly PacketField[], holds: Condition['holds']): Condition => ({fields: () => fields, holds})

/** A condition with one answer for all packets. */
export const constant = (truth: Truth): Condition => condition([], () => truth)

export const ALWAYS = constant(true)
export const UNKNOWN = constant('unknown')

/** The condition, or its negation when the option has a `!` before it. */
export const negatable = ({negated}: Option, {fields, holds}: Condition): Condition =>
  negated ? {fields, holds: (packet, sets) => negatedIf(true, holds(packet, sets))} : {fields, holds}

/** A condition that holds where all hold. */
export function conjunction(conditions: readonly Condition[]): Condition {
  const [only] = conditions
  if (only && conditions.length === 1) return only
  return {
    fields: sets => [...new Set(conditions.flatMap(each => each.fields(sets)))],
    holds: (packet, sets) => {
      let result: Truth = true
      for (const each of conditions) {
        const truth = each.holds(packet, sets)
        if (truth === false) return false
        if (truth === 'unknown') result = truth
      }
      return result
    },
  }
}

/** Reads the options of a match. Undefined for options that are not understood. */
export type ModuleReader = (options: readonly Option[]) => Condition | undefined

/** Reads one option. Undefined for a value that is not understood. */
export type OptionReader = (option: Option) => Condition | undefined

/** A match each of whose options is a condition of its own; whether an option that is not in the table holds is unknown. */
export const eachOption =
  (readers: Readonly<Record<string, OptionReader>>): ModuleReader =>
  options =>
    conjunction(options.map(option => readers[option.name]?.(option) ?? UNKNOWN))
