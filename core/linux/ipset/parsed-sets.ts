import type {MatchSet} from './model.ts'
import {wordEnd, wordStart} from './tokenizer.ts'

/** A set that is still being parsed. */
export type OpenSet = {-readonly [K in keyof MatchSet]: MatchSet[K]}

/** Marks a set of which a line is damaged, so that members may be missing or wrong. */
export function cutSet(set: MatchSet | OpenSet, reason: string): void {
  ;(set as OpenSet).cut = {reason, isDamaged: true}
}

/** The type of a set whose `create` or `Type:` line is missing. */
export const UNKNOWN_TYPE = 'unknown'

/** The kernel's limit for set names, in bytes. */
export const LONGEST_NAME = 31

/** Whether the members of a set of this type are names of other sets. */
export const isList = (type: string): boolean => type.startsWith('list:')

/** The sets parsed so far, in the order of the dump, each name once. */
export class ParsedSets {
  private readonly byName = new Map<string, OpenSet>()
  private hasNamesWithBlanks = false

  get(name: string): OpenSet | undefined {
    return this.byName.get(name)
  }

  add(name: string, type: string, line: number): OpenSet {
    const set: OpenSet = {name, type, header: new Map(), members: [], line}
    this.byName.set(name, set)
    this.hasNamesWithBlanks ||= wordEnd(name, 0, name.length) < name.length
    return set
  }

  /**
   * Returns the offset of the end of the set name at `at`. ipset prints names with blanks unquoted, so the name is the
   * longest known one that fits, or the first word.
   */
  nameEnd(piece: string, at: number, end: number): number {
    const first = wordEnd(piece, at, end)
    if (!this.hasNamesWithBlanks) return first
    const limit = Math.min(end, at + LONGEST_NAME)
    let known = first
    for (let stop = first; stop < limit; ) {
      stop = wordEnd(piece, wordStart(piece, stop, end), end)
      if (this.byName.has(piece.slice(at, stop))) known = stop
    }
    return known
  }

  all(): MatchSet[] {
    return [...this.byName.values()]
  }
}
