import {setTypes} from '../names/set-name.ts'
import type {NameClaim} from './hashed-names.ts'
import {identityOf, type NamedSet} from './named-set.ts'

/** A set while the program is being made. */
export class BuiltSet implements NameClaim {
  readonly named: NamedSet
  natural = ''
  kernelName = ''
  hashed = ''
  /** As ipset prints them. */
  readonly entries = new Set<string>()
  /** Entries that several pods, containers or policies put in → how many beyond the first. */
  readonly again = new Map<string, number>()
  /** Of lists: member → how many objects put it in. */
  readonly parts = new Map<BuiltSet, number>()
  /** The lists that it is in. */
  readonly lists = new Set<BuiltSet>()
  /** Objects and policies that want it to be, members or not. */
  holds = 0
  /** Policies that name it. */
  references = 0
  /** Nothing wanted it any more; who meets it again has to ask for a new one. */
  isGone = false
  /** It is not what was last given out. */
  isDirty = false

  constructor(named: NamedSet) {
    this.named = named
  }

  get text(): string {
    return this.named.name
  }

  /** Sets of objects come before those of policies, as in the start of Azure NPM; the rest is for a fixed order only. */
  get order(): string {
    return `${setTypes.indexOf(this.named.type)} ${identityOf(this.named)}`
  }

  get isWanted(): boolean {
    return this.holds > 0 || this.entries.size > 0 || this.parts.size > 0 || this.lists.size > 0
  }

  /** Whether a policy names it, or a list that a policy names holds it. */
  get isNeeded(): boolean {
    if (this.references > 0) return true
    for (const list of this.lists) if (list.references > 0) return true
    return false
  }
}
