import type {Problem} from '../../problem/problem.ts'
import type {Backend} from './model.ts'

/** From where on the rules of a chain are not known to be all there, or not known to be as they were. */
export interface Cut {
  /** How this is known, as a sentence without a full stop. */
  readonly reason: string
  /** Line from which on no rule counts; infinite when all rules that are there count, and more may follow. */
  readonly line: number
}

/** Consecutive rule lines of one chain in one piece of the text. */
export interface RuleBlock {
  readonly piece: string
  /** Offset of the first line in the piece. */
  readonly start: number
  /** Offset of the end of the last line in the piece. */
  end: number
  /** Line of the first rule, from 1. */
  readonly line: number
}

/** A chain whose rules are located but not yet parsed. */
export interface IndexedChain {
  readonly name: string
  readonly policy?: string
  readonly packets?: number
  readonly bytes?: number
  readonly line: number
  readonly blocks: RuleBlock[]
  /** Absent when all of its rules are there. */
  cut?: Cut
}

/** A table whose rules are located but not yet parsed. */
export interface IndexedTable {
  readonly name: string
  readonly file?: string
  readonly line: number
  readonly chains: Map<string, IndexedChain>
  /** Whether all of the table is there: its COMMIT was found, and no line is damaged. What is missing from one that is not is unknown. */
  isComplete: boolean
  /** Whether chains may be missing, too. */
  lacksChains?: boolean
  /** Whether it is the output of `iptables -S`, which prints no end. */
  isListing?: boolean
  /** Why it is not complete. */
  reason?: string
}

/** The location of every table, chain and rule of a save. Most questions need few chains, so rules are parsed on demand. */
export interface SaveIndex {
  readonly file?: string
  readonly backend: Backend
  /** Version of the tool that printed the save; absent without a header. */
  readonly version?: string
  readonly tables: Map<string, IndexedTable>
  /** Whether the save is known to contain all tables. If so, a table that is missing from it does not exist. */
  readonly hasAllTables?: boolean
  /** Whether the text ends where a table begins, so that at least one is missing. */
  readonly lacksTables?: true
  /** Present when the text ends in a table: any others may have followed. */
  readonly endsInTable?: true
  /** Tables that exist, and that the tool could not show. */
  readonly hiddenTables: ReadonlySet<string>
  /** Whether the tool said that the legacy back end has rules, too, which the save does not show. */
  readonly warnsOfLegacy: boolean
  readonly problems: Problem[]
}
