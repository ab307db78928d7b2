import {invert} from '../../differences/invert.ts'
import {parseIpv4, printIpv4} from '../../net/ipv4.ts'
import type {SimulatedSet} from '../../packets/rule-conditions.ts'
import {applySetDifferences} from '../../sets/apply-set-differences.ts'
import {parseMember} from '../../sets/member.ts'
import type {MemberDifference, SetDifference} from '../../sets/set-difference.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {LinuxDifference} from '../compare/compared-rule.ts'
import {CopyOnWriteMap, type Entries} from '../walk/copy-on-write-map.ts'
import {OverriddenSets, overridesOf} from './member-overrides.ts'
import type {Lists} from './rule-conditions.ts'

type OfSets = SetDifference | MemberDifference

export interface RepairedSets {
  readonly sets: Entries<SimulatedSet>
  readonly index: SetIndex
  /** The sets that are repaired, and the lists that contain one. */
  readonly changed: ReadonlySet<string>
  /** Whether the sets that contain an address may be others than before. */
  readonly isMoved: (address: string) => boolean
}

/** The sets of a node with some of their differences repaired. */
export function repairedSets(
  differences: readonly LinuxDifference[],
  {sets, index, lists}: {readonly sets: Entries<SimulatedSet>; readonly index: SetIndex; readonly lists: Lists},
): RepairedSets {
  const isOfSets = (each: LinuxDifference): each is OfSets => 'set' in each
  const bySet = Map.groupBy(differences.filter(isOfSets).filter(isNeeded), each => each.set.kernelName)
  if (bySet.size === 0) return {sets, index, changed: new Set(), isMoved: () => false}
  const repaired = new Repaired(sets)
  const overrides = new Map<string, ReadonlyMap<string, boolean>>()
  const addresses = new Set<string>()
  let isAnyMoved = false
  for (const [name, group] of bySet) {
    repaired.repair(name, group)
    const members = group.filter(each => each.kind === 'member')
    const answers = members.length === group.length && sets.get(name) ? overridesOf(members) : undefined
    if (answers) {
      overrides.set(name, answers)
      for (const {wanted, found} of members) addresses.add(parseMember((wanted ?? found)?.text ?? '').subject)
    } else isAnyMoved = true
  }
  const changed = new Set(bySet.keys())
  for (const name of bySet.keys()) for (const list of lists.of(name)) changed.add(list)
  const isMoved = (address: string): boolean => isAnyMoved || addresses.has(address) || addresses.has(canonical(address))
  return {sets: repaired, index: new OverriddenSets(repaired, {index, changed}, overrides), changed, isMoved}
}

/** A set that only the node has stays: no rule of a repaired node names it, and those that are not repaired may. */
const isNeeded = (difference: OfSets): boolean => difference.kind === 'member' || difference.wanted !== undefined

const canonical = (address: string): string => printIpv4(parseIpv4(address) ?? 0)

/** Sets of which some are repaired when they are asked for. */
class Repaired implements Entries<SimulatedSet> {
  private readonly below: Entries<SimulatedSet>
  private readonly differences = new Map<string, readonly OfSets[]>()
  private readonly made = new CopyOnWriteMap<SimulatedSet>({get: () => undefined, entries: () => []})

  constructor(below: Entries<SimulatedSet>) {
    this.below = below
  }

  repair(name: string, differences: readonly OfSets[]): void {
    this.differences.set(name, differences)
  }

  get(name: string): SimulatedSet | undefined {
    const differences = this.differences.get(name)
    if (!differences) return this.below.get(name)
    const known = this.made.get(name)
    if (known) return known
    const set = applySetDifferences(
      this.below.get(name),
      differences.map(each => invert(each) as OfSets),
    )
    if (set) this.made.set(name, set)
    return set
  }

  *entries(): Generator<[string, SimulatedSet]> {
    const names = new Set(this.differences.keys())
    for (const [name, set] of this.below.entries()) {
      if (!names.delete(name)) yield [name, set]
      else {
        const repaired = this.get(name)
        if (repaired) yield [name, repaired]
      }
    }
    for (const name of names) {
      const set = this.get(name)
      if (set) yield [name, set]
    }
  }
}
