import type {SetIndex} from '../../sets/set-index.ts'
import type {Match} from '../iptables/model.ts'
import type {WalkedChain} from './walked-rules.ts'
import {askedSets} from './written-sets.ts'

/** The sets, and lists of sets, that may say something else in one index than in another. */
export class ChangedSets {
  private readonly one: SetIndex
  private readonly other: SetIndex
  private readonly known = new Map<string, boolean>()

  constructor(one: SetIndex, other: SetIndex) {
    this.one = one
    this.other = other
  }

  /** Whether a condition asks such a set. */
  isAskedBy(match: Match): boolean {
    if (match.kind === 'set') return this.has(match.set)
    return askedSets(match).some(name => this.has(name))
  }

  isAskedIn({rules}: WalkedChain): boolean {
    return rules.some(({matches}) => matches.some(match => this.isAskedBy(match)))
  }

  private has(name: string): boolean {
    let changed = this.known.get(name)
    if (changed === undefined) this.known.set(name, (changed = !this.one.isSame(name, this.other)))
    return changed
  }
}
