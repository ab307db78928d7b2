import type {Term} from '../contract/common.ts'
import type {NodeDump} from '../dump/model.ts'
import {memberText} from '../ipset/member-text.ts'
import type {NameBook} from '../names/book.ts'
import type {SetMatch} from './rule-parts.ts'
import {type DescribedTerm, describeTerms} from './words.ts'

/** Turns set matches into named terms and into words. Names and words repeat over rules, so both are kept. */
export class TermNames {
  private readonly dump: NodeDump
  private readonly book: NameBook
  private readonly terms = new Map<string, Term>()
  private readonly described = new Map<string, DescribedTerm>()
  private readonly words = new Map<string, string>()

  constructor(dump: NodeDump, book: NameBook) {
    this.dump = dump
    this.book = book
  }

  /**
   * The term for a set match.
   *
   * @param name what the rule's own comment calls the set; it decides between names that collide
   */
  term(match: SetMatch, name: string | undefined): Term {
    const names = this.book.namesOf(match.set)
    const shown = name ?? (names.length === 0 ? 'unknown' : names.map(known => known.name).join(' | '))
    const key = `${match.negated ? '!' : ''}${match.set} ${shown}`
    let term = this.terms.get(key)
    if (!term) {
      term = {set: match.set, name: shown, negated: match.negated}
      this.terms.set(key, term)
      this.described.set(key, this.describe(term))
    }
    return term
  }

  /** Terms in words. */
  say(terms: readonly Term[]): string {
    const keys = terms.map(({set, name, negated}) => `${negated ? '!' : ''}${set} ${name}`)
    const all = keys.join('\n')
    let words = this.words.get(all)
    if (words === undefined) {
      words = describeTerms(keys.map(key => this.described.get(key) as DescribedTerm))
      this.words.set(all, words)
    }
    return words
  }

  private describe({set, name, negated}: Term): DescribedTerm {
    const known = this.book.namesOf(set).find(each => each.name === name)
    const ipset = this.dump.sets?.get(set)
    const meaning = known && this.book.meaningOf(known, ipset?.type)
    const told = {set, negated, ...(name !== 'unknown' && {name}), ...(meaning && {meaning})}
    if (meaning?.type !== 'CIDRBlocks' || !ipset || !this.dump.hasMembers) return told
    return {...told, members: ipset.members.map(memberText)}
  }
}
