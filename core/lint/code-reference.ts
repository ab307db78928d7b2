import {lintCodes} from '../contract/lint.ts'
import {lintRules} from './codes.ts'

/** All codes for docs/lint.md: a table to find one in, then what each means and what to do. */
export function codeReference(): string {
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

/** A Markdown table, the first row its head, columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...body.map(line)]
}

const BEGIN = '<!-- codes: begin -->'
const END = '<!-- codes: end -->'

/** A document with all codes in the place of what stands between its markers. */
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
