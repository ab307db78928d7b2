import type {Problem} from '../../problem/problem.ts'
import {shownLine} from '../../text/lines.ts'

/** What can be wrong with an `iptables-save` text: a problem for each, with the line that it is about. */

const at = (source: string, line: number, column = 1) => ({line, column, text: shownLine(source)})

export const outsideTable = ({source, line}: {readonly source: string; readonly line: number}): Problem => ({
  code: 'LINE_OUTSIDE_TABLE',
  ...at(source, line),
  message: 'rules before any "*table" line: which table they belong to is unknown',
  next: 'They are read as a table of their own, which no packet passes. Take the whole output of iptables-save -c.',
})

export const ruleOutsideChain = (source: string, line: number, column: number, chain: string, table: string): Problem => ({
  code: 'RULE_OUTSIDE_CHAIN',
  ...at(source, line, column),
  message: `rule for chain "${shownLine(chain)}", which table ${table} does not declare`,
  next: 'The rule is kept. Check that the save is complete: iptables-save prints ":CHAIN" lines before the rules.',
})

export const unknownTable = (source: string, line: number, name: string, known: readonly string[]): Problem => ({
  code: 'UNKNOWN_TABLE',
  ...at(source, line, 2),
  message: `table "${shownLine(name)}" is none that iptables has`,
  next: `It is read but takes no part in any answer. iptables has ${known.join(', ')}.`,
})

export const duplicateTable = (source: string, line: number, name: string): Problem => ({
  code: 'DUPLICATE_TABLE',
  ...at(source, line),
  message: `table ${shownLine(name)} appears twice: are these two saves in one file?`,
  next: 'What rests on its rules is unknown. Give each save as a file of its own and name the one you mean.',
})

export const unknownLine = (source: string, line: number): Problem => ({
  code: 'UNKNOWN_LINE',
  ...at(source, line),
  message: 'not a line that iptables-save prints; it is skipped',
  next: 'If it holds a rule, take the save again with iptables-save -c.',
})

export const severalRules = (source: string, line: number): Problem => ({
  code: 'UNKNOWN_LINE',
  ...at(source, line),
  message: 'several rules in one line: line breaks are lost; the line is skipped',
  next: 'Give the output of iptables-save -c as it was printed.',
})

/** @param longest in characters */
export const lineTooLong = (source: string, line: number, longest: number): Problem => ({
  code: 'LINE_TOO_LONG',
  ...at(source, line, longest),
  message: `a line of more than ${longest} characters, longer than any rule can be; it is skipped`,
  next: 'The file is damaged or is no save. Take it again with iptables-save -c.',
})

/** @param source the last line, behind which more was to come */
export const truncatedFile = (source: string, line: number, table: string): Problem => ({
  code: 'TRUNCATED_FILE',
  ...at(source, line, source.length + 1),
  message: `table ${table} has no COMMIT: the file ends early, rules may be missing`,
  next: 'Everything before is read. Take the save again, and check that the disk was not full.',
})
