import packageFacts from '../../package.json' with {type: 'json'}
import type {Packed} from '../bytes/packed.ts'

/** What collection.log says of one file. */
export interface LogEntry {
  readonly file: string
  /** What was run or asked. */
  readonly command: string
  readonly durationMs?: number | undefined
  /** What went wrong; empty when nothing did. */
  readonly problems: readonly string[]
}

/** A file that was read, or why it is not there. */
export interface CollectedFile {
  readonly packed?: Packed
  readonly entry: LogEntry
  readonly failures: readonly {readonly message: string; readonly next: string}[]
}

/** @param what `begins to collect` */
export const beginning = (at: string, what: string): string => `${at}  kubectl npm ${packageFacts.version}: ${what}`

/** The lines about one node. */
export function nodeLines(node: string, about: string, entries: readonly LogEntry[]): string[] {
  return ['', `node ${node}: ${about}`, ...entries.flatMap(entryLines)]
}

/** One line for a file, and one more for each thing that went wrong with it. */
export function entryLines({file, command, durationMs, problems}: LogEntry): string[] {
  const time = durationMs === undefined ? '' : `${Math.round(durationMs)} ms`
  const words = [file.padEnd(26), time.padStart(9), problems.length === 0 ? 'ok    ' : 'FAILED', command]
  return [`  ${words.join('  ').trimEnd()}`, ...problems.map(problem => `      ${problem}`)]
}
