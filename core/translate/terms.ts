import type {Term} from '../contract/common.ts'
import type {NodeDump} from '../dump/model.ts'
import {memberText} from '../ipset/member-text.ts'
import type {NameBook} from '../names/book.ts'
import type {SetMatch} from './rule-parts.ts'
import {type DescribedTerm, describeTerms} from './words.ts'

/** The words for a list of terms, and for longer lists that begin with it. */
interface Words {
  text?: string
  longer?: Map<Term, Words>
}

/** Turns set matches into named terms and into words. Names and words repeat over rules, so both are kept. */
export class TermNames {
  private readonly dump: NodeDump
  private readonly book: NameBook
  /** By kernel name. One set has two terms, more only if names collide. */
  private readonly terms = new Map<string, Term[]>()
  private readonly words: Words = {}

  constructor(dump: NodeDump, book: NameBook) {
    this.dump = dump
    this.book = book
  }

  /**
   * The term for a set match, always the same object for the same term.
   *
   * @param name what the rule's own comment calls the set; it decides between names that collide
   */
  term({set, negated}: SetMatch, name: string | undefined): Term {
    const names = this.book.namesOf(set)
    const shown = name ?? (names.length === 0 ? 'unknown' : names.map(known => known.name).join(' | '))
    let terms = this.terms.get(set)
    if (!terms) this.terms.set(set, (terms = []))
    for (const term of terms) if (term.negated === negated && term.name === shown) return term
    const term = {set, name: shown, negated}
    terms.push(term)
    return term
  }

  /** Terms in words. */
  say(terms: readonly Term[]): string {
    let words = this.words
    for (const term of terms) {
      words.longer ??= new Map()
      let longer = words.longer.get(term)
      if (!longer) words.longer.set(term, (longer = {}))
      words = longer
    }
    return (words.text ??= describeTerms(terms.map(term => this.describe(term))))
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
