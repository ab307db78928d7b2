import {setTypes} from '../names/set-name.ts'
import type {NameClaim} from './hashed-names.ts'
import {identityOf, type NamedSet} from './named-set.ts'

/**
 * A set while the program is being made. What several objects put in stands in it as often, so that each can take its own out
 * again. Arrays, because a large cluster makes tens of thousands of sets, most of them of one or two members.
 */
export class BuiltSet implements NameClaim {
  readonly named: NamedSet
  natural = ''
  kernelName = ''
  hashed = ''
  /** As ipset prints them: addresses, blocks, addresses with a port. */
  readonly entries: string[] = []
  /** Of lists: the members. */
  readonly parts: BuiltSet[] = []
  /** The lists that it is in. */
  readonly lists: BuiltSet[] = []
  /** Objects and policies that want it to be, members or not. */
  holds = 0
  /** Policies that name it. */
  references = 0
  /** Nothing wanted it any more; who meets it again has to ask for a new one. */
  isGone = false
  /** The last pod that was put into it or taken out, by number. */
  lastPod = 0
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
    return this.holds > 0 || this.entries.length > 0 || this.parts.length > 0 || this.lists.length > 0
  }

  /** Whether a policy names it, or a list that a policy names holds it. */
  get isNeeded(): boolean {
    return this.references > 0 || this.lists.some(list => list.references > 0)
  }
}
