import type {FreeText} from '../../renaming/free-text.ts'
import type {KernelNames} from '../../renaming/kernel-names.ts'
import type {HashedName} from '../../renaming/rename-set.ts'
import type {RuleParts} from '../npm/rule-parts.ts'

/** What separates the names in a comment of NPM v1. Names may contain the same text, so known names are looked for first. */
const JOINT = /-AND-|-TO-|-FROM-|-IN-(?=ns-)|-PORT-/g
const HEAD = /^(?:ALLOW-ALL(?=-)|ALLOW-|DROP-ALL(?=-))/
/** Parts of a comment that are no names. After `ALLOW-ALL` a hyphen alone separates. */
const NO_NAME = /^-?(?:TCP|UDP|SCTP|ALL|all-namespaces|\d{1,5}(?::\d{1,5})?)$/

/** Rewrites comments of NPM v1, whose names are sorted and not in the order of the rule's sets. */
export class V1Comments {
  private readonly names: KernelNames
  private readonly freeText: FreeText

  constructor(names: KernelNames, freeText: FreeText) {
    this.names = names
    this.freeText = freeText
  }

  /**
   * @param isCut whether iptables has cut the comment
   * @returns undefined for a comment that is not NPM v1's
   */
  rewrite(comment: string, parts: RuleParts, isCut: boolean): string | undefined {
    const head = HEAD.exec(comment)?.[0]
    if (head === undefined) return undefined
    const spellings = this.spellings(parts)
    const pieces: Piece[] = []
    let at = head.length
    while (at < comment.length) {
      JOINT.lastIndex = at
      const joint = JOINT.exec(comment)
      if (joint?.index === at) {
        pieces.push({before: joint[0], after: joint[0], isName: false})
        at += joint[0].length
        continue
      }
      const known = spellings.find(({before}) => comment.startsWith(before, at) && isEnd(comment, at + before.length))
      const end = known ? at + known.before.length : (joint?.index ?? comment.length)
      // The last part of a cut comment is the beginning of a name, which must not be guessed from it.
      const before = comment.slice(at, end)
      if (!known && isCut && end === comment.length) pieces.push({before, after: 'x'.repeat(end - at), isName: false})
      else pieces.push({before, after: known ? known.after : this.unknown(before), isName: !NO_NAME.test(before)})
      at = end
    }
    sortNames(pieces)
    return head + pieces.map(({after}) => after).join('')
  }

  /** How the names of a rule's sets may be spelled in its comment, the longest first. */
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

interface Piece {
  readonly before: string
  after: string
  /** Otherwise it separates names, or is a word that every cluster has. */
  readonly isName: boolean
}

/** NPM v1 sorts the names of one selector. Names that were sorted are sorted again, by their new spelling. */
function sortNames(pieces: readonly Piece[]): void {
  for (let start = 0; start < pieces.length; start++) {
    const names: Piece[] = []
    let end = start
    for (; pieces[end]?.isName; end += 2) {
      names.push(pieces[end] as Piece)
      if (pieces[end + 1]?.before !== '-AND-') break
    }
    const isSorted = names.every(({before}, index) => index === 0 || (names[index - 1] as Piece).before <= before)
    if (names.length > 1 && isSorted) {
      const sorted = names.map(({after}) => after).toSorted()
      for (const [index, name] of names.entries()) name.after = sorted[index] as string
    }
    start = Math.max(start, end)
  }
}

function isEnd(comment: string, at: number): boolean {
  if (at === comment.length) return true
  JOINT.lastIndex = at
  return JOINT.exec(comment)?.index === at
}
