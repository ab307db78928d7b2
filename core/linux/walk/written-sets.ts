import {parseMember} from '../../sets/member.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Match, Rule} from '../iptables/model.ts'
import type {WalkedRules} from './walked-rules.ts'

/** What rules of `-j SET` have done to sets before a packet comes to another rule: those they added to or took from, sorted. */
export type WrittenSets = readonly string[]

export const NO_SETS: WrittenSets = []

const WRITING = /--(?:add|del)-set (\S+)/g

/** The sets that a rule's target adds the packet to, or takes it from. */
export const setsWrittenBy = ({target}: Pick<Rule, 'target'>): string[] =>
  target?.kind === 'extension' && target.name === 'SET' ? writtenIn(target.options) : []

/** @param options of the target SET, as printed */
export const writtenIn = (options: string): string[] => [...options.matchAll(WRITING)].map(([, name = '']) => name)

export const withWritten = (before: WrittenSets, names: readonly string[]): WrittenSets =>
  names.every(name => before.includes(name)) ? before : [...new Set([...before, ...names])].toSorted()

/**
 * Whether a set, or one in a list of sets, was written for this packet, so that its members as saved are no longer those that the
 * kernel asks: a packet that was added is in it, unless the set was full.
 */
export function isWritten(name: string, written: WrittenSets, sets: SetIndex): boolean {
  if (written.length === 0) return false
  if (written.includes(name)) return true
  const set = sets.set(name)
  if (set?.type !== 'list:set') return false
  for (const member of set.members) if (written.includes(parseMember(member).subject)) return true
  return false
}

/** The sets that a condition asks. */
export function askedSets(match: Match): string[] {
  if (match.kind === 'set') return [match.set]
  if (match.kind !== 'extension' || match.module !== 'set') return []
  return [...match.options.matchAll(/--match-set (\S+)/g)].map(([, name = '']) => name)
}

/** All sets that any of a node's rules write. */
export function writtenSets(rules: WalkedRules): WrittenSets {
  const own = rules.writtenSets?.() ?? NO_SETS
  const beside = rules.beside ? writtenSets(rules.beside) : NO_SETS
  return withWritten(own, beside)
}
