import type {RuleParts} from '../translate/rule-parts.ts'
import type {FreeText} from './free-text.ts'
import type {KernelNames} from './kernel-names.ts'
import type {HashedName} from './set-names.ts'

/** What parts the names in a comment of NPM v1. Names may hold the same, so what is known as a name comes first. */
const JOINT = /-AND-|-TO-|-FROM-|-IN-(?=ns-)|-PORT-/g
const HEAD = /^(?:ALLOW-ALL(?=-)|ALLOW-|DROP-ALL(?=-))/
/** Behind `ALLOW-ALL` a dash alone parts. */
const NO_NAME = /^-?(?:TCP|UDP|SCTP|ALL|all-namespaces|\d{1,5}(?::\d{1,5})?)$/

/** Comments of NPM v1, whose parts are sorted and not in the order of the rule's sets. */
export class V1Comments {
  private readonly names: KernelNames
  private readonly freeText: FreeText

  constructor(names: KernelNames, freeText: FreeText) {
    this.names = names
    this.freeText = freeText
  }

  /** @returns undefined for a comment that is none of NPM v1's */
  rewrite(comment: string, parts: RuleParts, isCut: boolean): string | undefined {
    const head = HEAD.exec(comment)?.[0]
    if (head === undefined) return undefined
    const spellings = this.spellings(parts)
    let rewritten = head
    let at = head.length
    while (at < comment.length) {
      JOINT.lastIndex = at
      const joint = JOINT.exec(comment)
      if (joint?.index === at) {
        rewritten += joint[0]
        at += joint[0].length
        continue
      }
      const known = spellings.find(({before}) => comment.startsWith(before, at) && isEnd(comment, at + before.length))
      const end = known ? at + known.before.length : (joint?.index ?? comment.length)
      // The last part of a cut comment is a piece of a name: what it was is not to be guessed from it.
      if (!known && isCut && end === comment.length) return rewritten + 'x'.repeat(end - at)
      rewritten += known ? known.after : this.unknown(comment.slice(at, end))
      at = end
    }
    return rewritten
  }

  /** How the names of a rule's sets may stand in its comment, the longest first. */
  private spellings({sets, namedPort}: RuleParts): {before: string; after: string}[] {
    const all = [...sets.map(({set}) => set), ...(namedPort === undefined ? [] : [namedPort])]
    return all
      .flatMap(set => this.names.namesOf(set).flatMap(name => this.spellingsOf(name)))
      .toSorted((a, b) => b.before.length - a.before.length)
  }

  private spellingsOf(name: HashedName): {before: string; after: string}[] {
    const before = name.name
    const after = this.names.renameSet(name)
    const bare = (text: string, prefix: string) => text.slice(prefix.length)
    return [
      {before, after},
      {before: `!${before}`, after: `!${after}`},
      ...(before.startsWith('ns-') ? [{before: `ns-!${bare(before, 'ns-')}`, after: `ns-!${bare(after, 'ns-')}`}] : []),
      ...(before.startsWith('namedport:') ? [{before: bare(before, 'namedport:'), after: bare(after, 'namedport:')}] : []),
    ]
  }

  private unknown(part: string): string {
    if (NO_NAME.test(part)) return part
    const sign = /^(?:!|ns-!)/.exec(part)?.[0] ?? ''
    const prefix = sign === 'ns-!' ? 'ns-' : ''
    const renamed = this.freeText.v1SetName(prefix + part.slice(sign.length))
    return sign === 'ns-!' ? `ns-!${renamed.slice(prefix.length)}` : sign + renamed
  }
}

function isEnd(comment: string, at: number): boolean {
  if (at === comment.length) return true
  JOINT.lastIndex = at
  return JOINT.exec(comment)?.index === at
}
