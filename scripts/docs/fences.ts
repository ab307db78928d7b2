/** A fenced block of a Markdown document. */
export interface Fence {
  /** Of the line behind the opening one, from 1. */
  readonly line: number
  /** The first word behind the opening backticks: what a viewer takes for the language. Empty when there is none. */
  readonly language: string
  /** The other words there, which no viewer shows: how the commands of the block are run. */
  readonly marks: readonly string[]
  readonly lines: readonly string[]
}

/** A command as a document shows it, with what it prints. */
export interface ShownCommand {
  /** From 1. */
  readonly line: number
  /** For a shell; lines that end in a backslash go on on the next one. */
  readonly command: string
  readonly output: readonly string[]
}

const FENCE = /^(`{3,})([^`]*)$/
const PROMPT = '$ '

/** The fenced blocks of a Markdown document, in its order. @throws RangeError for one that has no end */
export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = []
  let open: {end: string; line: number; words: string[]; lines: string[]} | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, ticks = '', info = ''] = FENCE.exec(line) ?? []
    if (open === undefined) {
      if (ticks !== '') open = {end: ticks, line: index + 2, words: info.trim().split(/\s+/), lines: []}
    } else if (line === open.end) {
      const [language = '', ...marks] = open.words
      fences.push({line: open.line, language, marks, lines: open.lines})
      open = undefined
    } else open.lines.push(line)
  }
  if (open) throw new RangeError(`the block at line ${open.line} has no end`)
  return fences
}

/** The commands of a block behind a prompt's sign, each with the lines up to the next one. */
export function commandsOf({line, lines}: Fence): ShownCommand[] {
  const shown: {line: number; command: string; output: string[]}[] = []
  let goesOn = false
  for (const [index, text] of lines.entries()) {
    const last = shown.at(-1)
    if (goesOn && last) last.command += `\n${text}`
    else if (text.startsWith(PROMPT)) shown.push({line: line + index, command: text.slice(PROMPT.length), output: []})
    else last?.output.push(text)
    goesOn = (goesOn || text.startsWith(PROMPT)) && text.endsWith('\\')
  }
  return shown
}

/**
 * Whether a command printed what a document shows. A line that is `…` or `...` stands for any number of lines, and `…` in a line for
 * any text. Spaces at the ends of lines and empty lines at the end count for nothing, as documents lose them.
 */
export function isShown(output: readonly string[], printed: string): boolean {
  const lines = trimmedLines(output.join('\n')).split('\n')
  const pattern = lines.map(line => (LEFT_OUT.has(line.trim()) ? LINES : `${escaped(line)}\n`)).join('')
  return new RegExp(`^${pattern}$`).test(`${trimmedLines(printed)}\n`)
}

/** Whether a document shows only a part of what a command prints. */
export const leavesOut = (output: readonly string[]): boolean =>
  output.some(line => line.includes('…') || LEFT_OUT.has(line.trim()))

/** What stands for lines that are left out. */
const LEFT_OUT = new Set(['…', '...'])
/** Any number of lines. */
const LINES = '(?:.*\\n)*?'

const escaped = (line: string): string =>
  line
    .split('…')
    .map(text => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('.*')

/** As documents keep what a program prints: no spaces at the ends of lines, no empty lines at the end. */
export const trimmedLines = (text: string): string => text.replaceAll(/[ \t]+$/gm, '').replace(/\n+$/, '')
