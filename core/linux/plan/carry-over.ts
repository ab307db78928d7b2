import type {ToldStep} from '../../dataplane/plan.ts'
import {byEntry, canonicalOptions} from './canonical-part.ts'
import {parseRuleLine, parseSetLine} from './line.ts'
import {type Backend, chainKey, isTwin, type LinuxPart, type PartSet, type PartTable, tablesOfBackends} from './part.ts'
import {leadsTo, type PartRule, setsOf} from './part-rule.ts'

/**
 * A node as it is now, after a change, or a part of it, that led from one part to another: where these two differ, or the change has been at
 * work, it is as the second; all else is as it is now. So what Azure NPM, or somebody else, has changed meanwhile is kept, down to single
 * members, and copies of sets that a plan made for itself are gone. Of a chain that the change has written only rules stay that lead to a
 * chain which is new since.
 *
 * @param steps of the change: what it takes away for a while is in both parts, and may be missing now
 */
export function carriedOver(now: LinuxPart, from: LinuxPart, to: LinuxPart, steps: readonly ToldStep[]): LinuxPart {
  const touched = touchedBy(steps, now.backend)
  const sets = new Map<string, PartSet>()
  for (const name of new Set([...now.sets.keys(), ...to.sets.keys(), ...from.sets.keys()])) {
    const set = carriedSet(name, {now: now.sets.get(name), from: from.sets.get(name), to: to.sets.get(name)}, touched)
    if (set) sets.set(name, set)
  }
  const tables = tablesOfBackends(backend => {
    const parts = {now: now.tables[backend], from: from.tables[backend], to: to.tables[backend]}
    return carriedTable(backend, parts, touched)
  })
  return {...now, sets, tables}
}

/** What the lines of a change are about. */
interface Touched {
  /** Sets that are made, emptied, swapped or destroyed. */
  readonly sets: ReadonlySet<string>
  /** Entries that are put in or taken out, by set. */
  readonly entries: ReadonlyMap<string, ReadonlySet<string>>
  /** By back end and name. */
  readonly chains: ReadonlySet<string>
}

function touchedBy(steps: readonly ToldStep[], usual: Backend): Touched {
  const sets = new Set<string>()
  const entries = new Map<string, Set<string>>()
  const chains = new Set<string>()
  for (const {tool, backend = usual, operations} of steps)
    for (const {line: text} of operations) {
      const rule = tool === 'iptables' ? parseRuleLine(text) : undefined
      if (rule) chains.add(chainKey(backend, rule.chain))
      const line = tool === 'ipset' ? parseSetLine(text) : undefined
      if (!line) continue
      if (line.does === 'add' || line.does === 'del') {
        const entry =
          line.does === 'add'
            ? (byEntry({members: [line.member]})
                .keys()
                .next().value ?? '')
            : line.entry
        entries.set(line.set, (entries.get(line.set) ?? new Set()).add(entry))
        continue
      }
      sets.add(line.set)
      if (line.does === 'swap') sets.add(line.other)
    }
  return {sets, entries, chains}
}

/** One thing in the three parts. */
interface Three<Thing> {
  readonly now: Thing | undefined
  readonly from: Thing | undefined
  readonly to: Thing | undefined
}

function carriedSet(name: string, {now, from, to}: Three<PartSet>, touched: Touched): PartSet | undefined {
  if (!from && !to) return isTwin(name) ? undefined : now
  const isWhole = touched.sets.has(name)
  if (!from || !to || !isSameShape(from, to)) return to && now && isSameShape(now, to) ? withStrangers(now, from, to) : to
  if (!now) return isWhole ? to : undefined
  if (!isSameShape(now, to)) return isWhole ? to : now
  const [had, wanted, members] = [byEntry(from), byEntry(to), byEntry(now)]
  const own = touched.entries.get(name)
  for (const entry of new Set([...had.keys(), ...wanted.keys()])) {
    const member = wanted.get(entry)
    if (had.get(entry) === member && !isWhole && !own?.has(entry)) continue
    if (member === undefined) members.delete(entry)
    else members.set(entry, member)
  }
  return {...to, members: [...members.values()]}
}

/** A set that the change makes, with members of others besides. */
function withStrangers(now: PartSet, from: PartSet | undefined, to: PartSet): PartSet {
  const had = from ? byEntry(from) : new Map<string, string>()
  const members = byEntry(to)
  for (const [entry, member] of byEntry(now)) if (!had.has(entry) && !members.has(entry)) members.set(entry, member)
  return {...to, members: [...members.values()]}
}

const isSameShape = (one: PartSet, other: PartSet): boolean =>
  one.type === other.type && canonicalOptions(one) === canonicalOptions(other)

interface Tables {
  readonly now: PartTable
  readonly from: PartTable
  readonly to: PartTable
}

function carriedTable(backend: Backend, {now, from, to}: Tables, touched: Touched): PartTable {
  const isNew = (chain: string | undefined): boolean =>
    chain !== undefined && now.chains.has(chain) && !from.chains.has(chain) && !to.chains.has(chain)
  const chains = new Map<string, readonly PartRule[]>()
  for (const name of new Set([...now.chains.keys(), ...to.chains.keys(), ...from.chains.keys()])) {
    const rules = now.chains.get(name)
    const wanted = to.chains.get(name)
    const isOwn = touched.chains.has(chainKey(backend, name)) || !isSameRules(from.chains.get(name), wanted)
    const isTold = isOwn || (rules?.some(rule => setsOf(rule).some(isTwin)) ?? false)
    const kept = isTold ? wanted && withNew(wanted, rules ?? [], rule => isNew(leadsTo(rule))) : rules
    if (kept) chains.set(name, kept)
  }
  return {chains, forward: isSameRules(from.forward, to.forward) ? now.forward : to.forward}
}

/** Rules with those that are new in a chain: where they stand if all others are right, else first, where Azure NPM puts them. */
function withNew(wanted: readonly PartRule[], now: readonly PartRule[], isNew: (rule: PartRule) => boolean): readonly PartRule[] {
  const added = now.filter(isNew)
  if (added.length === 0) return wanted
  return isSameRules(
    now.filter(rule => !isNew(rule)),
    wanted,
  )
    ? now
    : [...added, ...wanted]
}

function isSameRules(one: readonly PartRule[] | undefined, other: readonly PartRule[] | undefined): boolean {
  if (one === other) return true
  if (!one || !other || one.length !== other.length) return false
  return one.every((rule, index) => rule === other[index] || rule.text === other[index]?.text)
}
