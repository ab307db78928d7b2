import type {LeftAlone} from '../../dataplane/plan.ts'
import {SERVICES_CHAIN} from '../npm/chain-names.ts'
import {isSameSet} from './canonical-part.ts'
import {
  type Backend,
  chainKey,
  isListType,
  isTwin,
  type LinuxPart,
  type PartSet,
  type PartTable,
  tablesOfBackends,
} from './part.ts'
import {isJump, type PartRule} from './part-rule.ts'
import {rulesNamingSets} from './visibility.ts'

/** What a plan leads to, and what of the wanted part it does not reach. */
export interface Settled {
  readonly target: LinuxPart
  readonly leftAlone: readonly LeftAlone[]
}

/**
 * What a node can be made: the wanted part among the rules of others as they are now. What others use stays as it is. While Azure
 * NPM may run, chains and sets that are not wanted stay, empty: its cache may hold them.
 */
export function settleWanted(
  found: LinuxPart,
  wanted: LinuxPart,
  {npmMayRun, readable}: {readonly npmMayRun: boolean; readonly readable: (set: string) => string},
): Settled {
  const leftAlone: LeftAlone[] = []
  const tables = tablesOfBackends(backend => settledTable(backend, found, wanted, npmMayRun, leftAlone))
  const rest: LinuxPart = {...found, tables}
  const sets = settledSets(found, wanted, {npmMayRun, readable, named: rulesNamingSets(rest)}, leftAlone)
  return {target: {...rest, sets}, leftAlone}
}

function settledTable(
  backend: Backend,
  found: LinuxPart,
  wanted: LinuxPart,
  npmMayRun: boolean,
  leftAlone: LeftAlone[],
): PartTable {
  const [now, asked] = [found.tables[backend], wanted.tables[backend]]
  const chains = new Map([...asked.chains].map(([name, rules]) => [name, settledRules(now.chains.get(name), rules)]))
  for (const name of now.chains.keys()) {
    if (chains.has(name)) continue
    const user = found.foreign.chains.get(chainKey(backend, name))
    // Azure NPM remembers chains of the back end that it uses, and no others.
    if (user === undefined && !(npmMayRun && backend === found.backend)) continue
    chains.set(name, [])
    if (user !== undefined)
      leftAlone.push({
        name,
        reason: `${user} leads to it, so it is emptied and not deleted`,
        next: 'Delete that rule first if nobody needs it.',
      })
  }
  return {chains, forward: settledRules(now.forward, settledForward(now.forward, asked.forward))}
}

/** The rules of a chain, each with the counters that it has now. The rules as they are now, where they are the same. */
function settledRules(now: readonly PartRule[] | undefined, asked: readonly PartRule[]): readonly PartRule[] {
  if (!now || now === asked) return asked
  if (now.length === asked.length && now.every((rule, index) => rule.text === asked[index]?.text)) return now
  const known = Map.groupBy(now, ({text}) => text)
  return asked.map(rule => rule.counting(known.get(rule.text)?.shift()?.counters ?? rule.counters))
}

/**
 * FORWARD as it is now, with the wanted jumps: each behind the rule of others that it is to stand behind; where that rule is gone,
 * where Azure NPM would put it.
 */
function settledForward(now: readonly PartRule[], asked: readonly PartRule[]): readonly PartRule[] {
  const others = now.filter(rule => !isJump(rule))
  const behind = new Map<number, PartRule[]>()
  let before: PartRule | undefined
  let occurrence = 0
  const seen = new Map<string, number>()
  for (const rule of asked) {
    if (!isJump(rule)) {
      before = rule
      occurrence = (seen.get(rule.text) ?? 0) + 1
      seen.set(rule.text, occurrence)
      continue
    }
    const at = before ? placeBehind(others, before.text, occurrence) : 0
    behind.set(at, [...(behind.get(at) ?? []), rule])
  }
  const rules: PartRule[] = []
  for (let at = 0; at <= others.length; at++) {
    const other = others[at - 1]
    if (other) rules.push(other)
    rules.push(...(behind.get(at) ?? []))
  }
  return rules
}

function placeBehind(others: readonly PartRule[], text: string, occurrence: number): number {
  let left = occurrence
  for (const [index, rule] of others.entries()) if (rule.text === text && --left === 0) return index + 1
  const last = others.findLastIndex(rule => rule.text === text)
  return (last < 0 ? others.findIndex(rule => rule.text.includes(SERVICES_CHAIN)) : last) + 1
}

interface SetOptions {
  readonly npmMayRun: boolean
  readonly readable: (set: string) => string
  /** Sets that rules of the target name. */
  readonly named: ReadonlySet<string>
}

function settledSets(
  found: LinuxPart,
  wanted: LinuxPart,
  {npmMayRun, readable, named}: SetOptions,
  leftAlone: LeftAlone[],
): Map<string, PartSet> {
  const sets = new Map(wanted.sets)
  const users = usersOf(found)
  for (const [name, user] of users) {
    const now = found.sets.get(name)
    if (!now) continue
    const asked = sets.get(name)
    sets.set(name, now)
    if (!asked || !isSameSet(now, asked))
      leftAlone.push({
        name: readable(name),
        reason: `${user} uses set ${name}, so it is left as it is`,
        next: 'Delete that rule or list first if nobody needs it, then plan again.',
      })
  }
  for (const [name, now] of found.sets) {
    if (sets.has(name)) continue
    // A rule that stays cannot lose its set.
    if (named.has(name)) sets.set(name, now)
    else if (npmMayRun && !isTwin(name)) sets.set(name, {...now, members: []})
  }
  return sets
}

/** Who else uses sets: what a list that others use holds, they use, too. */
function usersOf({foreign, sets}: LinuxPart): Map<string, string> {
  const users = new Map(foreign.sets)
  for (const [name, user] of foreign.sets) {
    const set = sets.get(name)
    if (set && isListType(set.type)) for (const member of set.members) if (!users.has(member)) users.set(member, user)
  }
  return users
}
