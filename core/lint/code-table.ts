import {lintCodes, lintRules} from './codes.ts'

/** The table of all codes for docs/lint.md. */
export function codeTable(): string {
  const rows = lintCodes.map(code => {
    const {level, platform, title, why, next} = lintRules[code]
    return `| \`${code}\` | ${level} | ${platform} | ${cell(title)} | ${cell(why)} | ${cell(next)} |`
  })
  return ['| code | level | where | what | why it matters | what to do |', '| --- | --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  )
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const BEGIN = '<!-- codes: begin -->'
const END = '<!-- codes: end -->'

/** A document with the table in the place of what stands between its markers. */
export function withCodeTable(document: string): string {
  const [head, rest] = split(document, BEGIN)
  const [, tail] = split(rest, END)
  return `${head}${BEGIN}\n\n${codeTable()}\n\n${END}${tail}`
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  if (at < 0) throw new RangeError(`the document has no ${mark}`)
  return [text.slice(0, at), text.slice(at + mark.length)]
}
