import type {Scheme} from '../names/hash.ts'
import {setKernelName} from '../names/kernel-name.ts'
import {BuiltSet} from './built-set.ts'
import {HashedNames} from './hashed-names.ts'
import {identityOf, type NamedSet} from './named-set.ts'
import type {ProgramSet, Semantics} from './program.ts'
import {programSet} from './program-set.ts'

/** All sets of a program. It counts why each member and each set exists, so that single objects can be removed. */
export class SetTable {
  readonly names: HashedNames<BuiltSet>
  private readonly byIdentity = new Map<string, BuiltSet>()
  /** Sets that changed, and kernel names that became free, since the last snapshot. */
  private dirty: BuiltSet[] = []
  private readonly leftNames = new Set<string>()
  private readonly current = new Map<string, ProgramSet>()
  private readonly keepsApart: boolean
  /** Whether a set may contain an entry more than once. */
  hasRepeats = false

  constructor(scheme: Scheme, semantics: Semantics) {
    this.keepsApart = semantics === 'kubernetes'
    this.names = new HashedNames(text => setKernelName(text, scheme), this.keepsApart)
  }

  /** Finds or creates a set. Hold or fill it at once: a set without users is deleted at the next removal. */
  set(named: NamedSet): BuiltSet {
    const identity = identityOf(named)
    let set = this.byIdentity.get(identity)
    if (!set) {
      set = new BuiltSet(named)
      this.byIdentity.set(identity, set)
      this.names.add(set)
    }
    return set
  }

  /** The hot spot of a large cluster; keep it cheap. */
  addEntry(set: BuiltSet, entry: string): void {
    set.entries.push(entry)
    this.mark(set)
  }

  removeEntry(set: BuiltSet, entry: string): void {
    takeOut(set.entries, entry)
    this.changed(set)
  }

  addPart(list: BuiltSet, part: BuiltSet): void {
    list.parts.push(part)
    part.lists.push(list)
    this.mark(list)
    this.mark(part)
  }

  removePart(list: BuiltSet, part: BuiltSet): void {
    if (takeOut(list.parts, part)) takeOut(part.lists, list)
    this.changed(part)
    this.changed(list)
  }

  /** Keeps a set until `release`, even when it is empty. */
  hold(set: BuiltSet): void {
    set.holds++
    this.mark(set)
  }

  release(set: BuiltSet): void {
    set.holds--
    this.changed(set)
  }

  /** Counts a policy that names the set, until `unrefer`. */
  refer(set: BuiltSet): void {
    set.references++
    this.hold(set)
  }

  unrefer(set: BuiltSet): void {
    set.references--
    this.release(set)
  }

  private mark(set: BuiltSet): void {
    if (set.isDirty) return
    set.isDirty = true
    this.dirty.push(set)
  }

  private changed(set: BuiltSet): void {
    this.mark(set)
    if (set.isWanted || set.isGone) return
    set.isGone = true
    this.byIdentity.delete(identityOf(set.named))
    this.names.remove(set)
    this.leftNames.add(set.kernelName)
  }

  /**
   * Assigns kernel names after changes.
   *
   * @returns whether kernel names of sets, or which sets share one, may have changed
   */
  settleNames(): boolean {
    return this.names.settle((set, before) => {
      this.leftNames.add(before)
      this.mark(set)
      for (const list of set.lists) this.mark(list)
    })
  }

  /** The current sets by kernel name. A set that did not change is the same object as in the last snapshot. */
  snapshot(): Map<string, ProgramSet> {
    for (const name of this.leftNames) {
      this.current.delete(name)
      for (const set of this.names.claimsTo(name)) this.mark(set)
    }
    this.leftNames.clear()
    for (const set of this.dirty) {
      set.isDirty = false
      if (set.isGone) continue
      const claims = this.keepsApart ? [set] : this.names.claimsTo(set.natural)
      this.current.set(set.kernelName, programSet(claims, this.hasRepeats))
    }
    this.dirty = []
    return new Map(this.current)
  }

  /** The current sets that policies use: with `ApplyIPSetsOnNeed` only these are in the kernel. */
  neededSnapshot(): Map<string, ProgramSet> {
    const all = this.snapshot()
    const needed = new Set<string>()
    for (const set of this.byIdentity.values()) if (set.isNeeded) needed.add(set.kernelName)
    for (const name of all.keys()) if (!needed.has(name)) all.delete(name)
    return all
  }
}

/** Removes the last equal item. Returns whether there was one. */
function takeOut<Item>(items: Item[], item: Item): boolean {
  const at = items.lastIndexOf(item)
  if (at >= 0) items.splice(at, 1)
  return at >= 0
}
