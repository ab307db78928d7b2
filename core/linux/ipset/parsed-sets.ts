import type {MatchSet} from './model.ts'
import {wordEnd, wordStart} from './tokenizer.ts'

/** A set while it is being read. */
export type OpenSet = {-readonly [K in keyof MatchSet]: MatchSet[K]}

/** The type of a set whose `create` or `Type:` line is missing. */
export const UNKNOWN_TYPE = 'unknown'

/** The kernel's limit for names, in bytes. */
export const LONGEST_NAME = 31

/** Whether the members of a set are names of other sets. */
export const isList = (type: string): boolean => type.startsWith('list:')

/** The sets read so far, in the order of the dump, each name once. */
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
   * Where the set name that stands at a position ends. ipset prints names with blanks as they are; of the names that
   * fit, the longest known one is taken, else the first word.
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
