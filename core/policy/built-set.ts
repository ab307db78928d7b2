import {setTypes} from '../names/set-name.ts'
import type {NameClaim} from './hashed-names.ts'
import {identityOf, type NamedSet} from './named-set.ts'

/**
 * A set while the program is built. An entry that several objects add is kept once for each, so that each object can remove its
 * own. Entries are arrays because a large cluster has tens of thousands of sets, most with one or two members.
 */
export class BuiltSet implements NameClaim {
  readonly named: NamedSet
  natural = ''
  kernelName = ''
  hashed = ''
  /** As ipset prints them: addresses, blocks, addresses with a port. */
  readonly entries: string[] = []
  /** The members of a list. */
  readonly parts: BuiltSet[] = []
  /** The lists that contain this set. */
  readonly lists: BuiltSet[] = []
  /** How many objects and policies need the set to exist, even when it is empty. */
  holds = 0
  /** How many policies name it. */
  references = 0
  /** The set was removed from the table. Callers that kept it must request a new one. */
  isGone = false
  /** The number of the last pod that was added or removed. It prevents adding an address twice for one pod. */
  lastPod = 0
  /** It changed since the last snapshot. */
  isDirty = false

  constructor(named: NamedSet) {
    this.named = named
  }

  get text(): string {
    return this.named.name
  }

  /** Sets of objects come before those of policies, as when Azure NPM starts. The rest only makes the order deterministic. */
  get order(): string {
    return `${setTypes.indexOf(this.named.type)} ${identityOf(this.named)}`
  }

  get isWanted(): boolean {
    return this.holds > 0 || this.entries.length > 0 || this.parts.length > 0 || this.lists.length > 0
  }

  /** Whether a policy names the set, or names a list that contains it. */
  get isNeeded(): boolean {
    return this.references > 0 || this.lists.some(list => list.references > 0)
  }
}
