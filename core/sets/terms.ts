import type {Term} from '../contract/common.ts'
import type {NameIndex} from '../names/name-index.ts'
import {type DescribedTerm, describeTerms} from './describe-sets.ts'
import {memberText} from './member.ts'
import type {NodeSets} from './node-set.ts'

/** Turns set matches into named terms and into words. Rules repeat the same terms, so each is made and looked up once. */
export class TermNames {
  private readonly dump: NodeSets
  private readonly nameIndex: NameIndex
  /** By kernel name, what the index calls the set, and its terms: one or two, more only if names collide. */
  private readonly sets = new Map<string, {readonly name: string; readonly terms: Term[]}>()
  private readonly described = new Map<Term, DescribedTerm>()

  constructor(dump: NodeSets, nameIndex: NameIndex) {
    this.dump = dump
    this.nameIndex = nameIndex
  }

  /**
   * The term for a set match, always the same object for the same term.
   *
   * @param name what the rule's own comment calls the set; it decides between names that collide
   */
  term({set, negated}: Pick<Term, 'set' | 'negated'>, name: string | undefined): Term {
    let known = this.sets.get(set)
    if (!known) this.sets.set(set, (known = {name: this.nameOf(set), terms: []}))
    const {terms} = known
    const shown = name ?? known.name
    for (const term of terms) if (term.negated === negated && term.name === shown) return term
    const term = {set, name: shown, negated}
    terms.push(term)
    this.described.set(term, this.describe(term))
    return term
  }

  /** Terms in words. */
  say(terms: readonly Term[]): string {
    return describeTerms(terms.map(term => this.described.get(term) ?? this.describe(term)))
  }

  private nameOf(set: string): string {
    const names = this.nameIndex.namesOf(set).map(({name}) => name)
    return names.length === 0 ? 'unknown' : names.join(' | ')
  }

  private describe({set, name, negated}: Term): DescribedTerm {
    const known = this.nameIndex.namesOf(set).find(each => each.name === name)
    const ipset = this.dump.sets?.get(set)
    const meaning = known && this.nameIndex.meaningOf(known, ipset?.type)
    const told = {set, negated, ...(name !== 'unknown' && {name}), ...(meaning && {meaning})}
    if (meaning?.type !== 'CIDRBlocks' || !ipset || !this.dump.hasMembers) return told
    return {...told, members: ipset.members.map(memberText)}
  }
}
