import {setTypes} from '../names/set-name.ts'
import type {NameClaim} from './hashed-names.ts'
import {identityOf, type NamedSet} from './named-set.ts'

/** What a set that is no list can hold: an address, a block, or an address with a port. One object for each text. */
export interface Entry {
  /** As ipset prints it. */
  readonly text: string
  /** How often it stands in sets. */
  uses: number
  /** The last set into whose members it was counted, so that it is counted once. */
  countedIn: object | undefined
  /** Of an address: with the ports that its pods have names for. */
  withPorts: Entry[] | undefined
}

/**
 * A set while the program is being made. What several objects put in stands in it as often, so that each can take its own out
 * again. Arrays, because a large cluster makes tens of thousands of sets, most of them of one or two members.
 */
export class BuiltSet implements NameClaim {
  readonly named: NamedSet
  natural = ''
  kernelName = ''
  hashed = ''
  readonly entries: Entry[] = []
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
