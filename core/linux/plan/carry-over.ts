import {byEntry, canonicalOptions, isSameSet} from './canonical-part.ts'
import {backends, isTwin, type LinuxPart, type PartSet, type PartTable} from './part.ts'
import {leadsTo, type PartRule, setsOf} from './part-rule.ts'

/**
 * A node as it is now, after a change that led from one part to another: where the two differ it is as the second, all else is as it is
 * now. So what Azure NPM, or somebody else, has changed meanwhile is kept, down to single members, and copies of sets that a plan made for
 * itself are gone. Of a chain that the change touches only rules stay that lead to a chain which is new since.
 */
export function carriedOver(now: LinuxPart, from: LinuxPart, to: LinuxPart): LinuxPart {
  const names = new Set([...now.sets.keys(), ...to.sets.keys(), ...from.sets.keys()])
  const sets = new Map<string, PartSet>()
  for (const name of names) {
    const set = carriedSet(now.sets.get(name), from.sets.get(name), to.sets.get(name), isTwin(name))
    if (set) sets.set(name, set)
  }
  const tables = Object.fromEntries(
    backends.map(backend => [backend, carriedTable(now.tables[backend], from.tables[backend], to.tables[backend])]),
  ) as unknown as LinuxPart['tables']
  return {...now, sets, tables}
}

function carriedSet(
  now: PartSet | undefined,
  from: PartSet | undefined,
  to: PartSet | undefined,
  isOurs: boolean,
): PartSet | undefined {
  if (from && to ? isSameSet(from, to) : from === to) return isOurs ? to : now
  if (!now || !from || !to || !isSameShape(from, to) || !isSameShape(now, to)) return to
  const [had, wanted, members] = [byEntry(from), byEntry(to), byEntry(now)]
  for (const entry of new Set([...had.keys(), ...wanted.keys()])) {
    const member = wanted.get(entry)
    if (had.get(entry) === member) continue
    if (member === undefined) members.delete(entry)
    else members.set(entry, member)
  }
  return {...to, members: [...members.values()]}
}

const isSameShape = (one: PartSet, other: PartSet): boolean =>
  one.type === other.type && canonicalOptions(one) === canonicalOptions(other)

function carriedTable(now: PartTable, from: PartTable, to: PartTable): PartTable {
  const chains = new Map<string, readonly PartRule[]>()
  for (const name of new Set([...now.chains.keys(), ...to.chains.keys(), ...from.chains.keys()])) {
    const rules = carriedChain(name, now, from, to)
    if (rules) chains.set(name, rules)
  }
  return {chains, forward: isSameRules(from.forward, to.forward) ? now.forward : to.forward}
}

function carriedChain(name: string, now: PartTable, from: PartTable, to: PartTable): readonly PartRule[] | undefined {
  const [rules, had, wanted] = [now.chains.get(name), from.chains.get(name), to.chains.get(name)]
  const isChanged = !isSameRules(had, wanted) || (rules?.some(rule => setsOf(rule).some(isTwin)) ?? false)
  if (!isChanged) return rules
  if (!wanted || !rules) return wanted
  const isNew = (chain: string | undefined): boolean =>
    chain !== undefined && now.chains.has(chain) && !from.chains.has(chain) && !to.chains.has(chain)
  const strangers = rules.filter(rule => isNew(leadsTo(rule)))
  // Azure NPM puts a new policy's rule first.
  return strangers.length === 0 ? wanted : [...strangers, ...wanted]
}

function isSameRules(one: readonly PartRule[] | undefined, other: readonly PartRule[] | undefined): boolean {
  if (one === other) return true
  if (!one || !other || one.length !== other.length) return false
  return one.every((rule, index) => rule === other[index] || rule.text === other[index]?.text)
}
