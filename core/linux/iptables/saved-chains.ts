import type {Problem} from '../../problem/problem.ts'
import type {Rule} from './model.ts'
import {type ParsedRules, readRules} from './parse.ts'
import type {SaveIndex} from './save-model.ts'

/** The rules of one chain, in order, and the problems found in them. */
export interface ReadChain {
  readonly rules: readonly Rule[]
  readonly problems: readonly Problem[]
}

/** A node that is opened twice has the same tables, and its rules are parsed once. */
const parsedOf = new WeakMap<
  SaveIndex['tables'],
  {readonly whole: Map<string, ReadChain>; readonly parts: Map<string, ParsedRules>}
>()

/**
 * The chains of a save, parsed on demand. A parsed rule is cached, because naming sets, walking packets and printing use the
 * same rules.
 */
export class SavedChains {
  readonly save: SaveIndex
  private readonly whole: Map<string, ReadChain>
  /** Rules of partly parsed chains. */
  private readonly parts: Map<string, ParsedRules>

  constructor(save: SaveIndex) {
    this.save = save
    const parsed = parsedOf.get(save.tables) ?? {whole: new Map<string, ReadChain>(), parts: new Map<string, ParsedRules>()}
    parsedOf.set(save.tables, parsed)
    this.whole = parsed.whole
    this.parts = parsed.parts
  }

  /** All rules of a chain; undefined when the save does not contain the chain. */
  chain(tableName: string, name: string): ReadChain | undefined {
    const key = `${tableName} ${name}`
    const known = this.whole.get(key)
    if (known) return known
    const table = this.save.tables.get(tableName)
    const chain = table?.chains.get(name)
    if (!table || !chain) return undefined
    const read = readRules(table, chain, undefined, this.parts.get(key))
    this.parts.delete(key)
    this.whole.set(key, read)
    return read
  }

  /**
   * Some rules of a chain. Other rules are not parsed, which is most of them on a large node.
   *
   * @param isRead whether to parse a rule, given its line. It is asked about several lines at once, too: whether any of them is
   *   to be parsed
   * @returns undefined when the save does not contain the chain
   */
  someRules(tableName: string, name: string, isRead: (line: string) => boolean): ReadChain | undefined {
    const key = `${tableName} ${name}`
    const known = this.whole.get(key)
    const table = this.save.tables.get(tableName)
    const chain = table?.chains.get(name)
    if (!table || !chain) return undefined
    if (known && known.problems.length === 0) return {rules: known.rules.filter(({source}) => isRead(source)), problems: []}
    // A glance at all lines together spares most chains a look at each line.
    if (!chain.blocks.some(({piece, start, end}) => isRead(piece.slice(start, end)))) return NO_RULES
    let parsed = this.parts.get(key)
    if (!parsed) this.parts.set(key, (parsed = partsOf(known)))
    return readRules(table, chain, isRead, parsed)
  }
}

const NO_RULES: ReadChain = {rules: [], problems: []}

const partsOf = (known: ReadChain | undefined): ParsedRules => {
  const faults = new Map(known?.problems.map(problem => [problem.line, problem]))
  return new Map(
    known?.rules.map(rule => {
      const fault = faults.get(rule.line)
      return [rule.position, fault ? {rule, fault} : {rule}]
    }),
  )
}
