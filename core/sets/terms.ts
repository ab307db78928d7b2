import type {Term} from '../contract/common.ts'
import type {NameIndex} from '../names/name-index.ts'
import {type DescribedTerm, describeTerms} from './describe-sets.ts'
import {memberText} from './member.ts'
import type {NodeSets} from './node-set.ts'

/** Converts set matches to named terms, and terms to text. Rules repeat the same terms, so they are cached. */
export class TermNames {
  private readonly dump: NodeSets
  private readonly nameIndex: NameIndex
  /** By kernel name: the name in the index, and the terms. There are one or two, and more only if names collide. */
  private readonly sets = new Map<string, {readonly name: string; readonly terms: Term[]}>()
  private readonly described = new Map<Term, DescribedTerm>()

  constructor(dump: NodeSets, nameIndex: NameIndex) {
    this.dump = dump
    this.nameIndex = nameIndex
  }

  /**
   * The term for a set match. Equal terms are the same object.
   *
   * @param name the set's name in the rule's comment; it decides between names that collide
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

  /** Describes terms in words. */
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
