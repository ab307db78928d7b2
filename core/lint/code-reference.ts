import {lintCodes} from '../contract/lint.ts'
import {lintRules} from './codes.ts'

/** Markdown on all codes for docs/lint.md: a table, then a section for each code with its meaning and what to do. */
function codeReference(): string {
  const rows = lintCodes.map(code => {
    const {level, platform, title} = lintRules[code]
    return [`[\`${code}\`](#${code.toLowerCase()})`, level, platform, title.replaceAll('|', '\\|')]
  })
  const sections = lintCodes.map(code => {
    const {level, platform, title, why, next} = lintRules[code]
    return `### ${code}\n\n${title} (${level}, ${platform}).\n\n${why}\n\n**What to do:** ${next}`
  })
  return [...table([['code', 'level', 'where', 'what'], ...rows]), '', sections.join('\n\n')].join('\n')
}

/** A Markdown table. The first row is the head; columns are as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...body.map(line)]
}

const BEGIN = '<!-- codes: begin -->'
const END = '<!-- codes: end -->'

/**
 * Replaces the text between a document's markers by the reference of all codes.
 *
 * @throws RangeError when a marker is missing
 */
export function withCodeReference(document: string): string {
  const [head, rest] = split(document, BEGIN)
  const [, tail] = split(rest, END)
  return `${head}${BEGIN}\n\n${codeReference()}\n\n${END}${tail}`
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  if (at < 0) throw new RangeError(`the document has no ${mark}`)
  return [text.slice(0, at), text.slice(at + mark.length)]
}
