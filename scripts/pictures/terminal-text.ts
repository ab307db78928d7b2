import stringWidth from 'fast-string-width'

/** How a piece of text looks on a terminal. */
export interface Style {
  /** One of the sixteen colours, from 0. */
  readonly color?: number
  readonly isBold?: boolean
  readonly isDim?: boolean
  readonly isInverse?: boolean
}

/** A piece of a line in one style. */
export interface Run {
  readonly text: string
  readonly style: Style
}

/** Escape sequences that set styles: `ESC [ 1 ; 31 m`. Others are not drawn. */
const SEQUENCE = /\u001b\[([\d;]*)m/

/** Lines of what a program has printed for a terminal, in pieces of one style. */
export function readTerminalText(text: string): Run[][] {
  let style: Style = {}
  return text.split('\n').map(line => {
    const runs: Run[] = []
    for (const [at, part] of line.split(SEQUENCE).entries())
      if (at % 2 === 1) style = styled(style, part)
      else if (part !== '') runs.push({text: part, style})
    return runs
  })
}

function styled(before: Style, codes: string): Style {
  let style = before
  for (const code of codes.split(';').map(Number)) style = withCode(style, code)
  return style
}

/** Source: ECMA-48, Select Graphic Rendition. */
function withCode({color, ...style}: Style, code: number): Style {
  const colored = {...style, ...(color !== undefined && {color})}
  if (code === 0) return {}
  if (code === 1) return {...colored, isBold: true}
  if (code === 2) return {...colored, isDim: true}
  if (code === 7) return {...colored, isInverse: true}
  if (code === 22) return {...colored, isBold: false, isDim: false}
  if (code === 27) return {...colored, isInverse: false}
  if (code >= 30 && code <= 37) return {...style, color: code - 30}
  if (code >= 90 && code <= 97) return {...style, color: code - 90 + 8}
  return code === 39 ? style : colored
}

export const widthOf = (runs: readonly Run[]): number => runs.reduce((width, {text}) => width + stringWidth(text), 0)

/** Lines of at most this many columns: longer ones go on below, at words, two columns further in than they begin. */
export function wrapped(lines: readonly (readonly Run[])[], columns: number): Run[][] {
  return lines.flatMap(line => (widthOf(line) <= columns ? [[...line]] : wrappedLine(line, columns)))
}

function wrappedLine(line: readonly Run[], columns: number): Run[][] {
  const indent = ' '.repeat(Math.min(columns / 2, (/^ */.exec(line[0]?.text ?? '')?.[0].length ?? 0) + 2))
  const rows: Run[][] = [[]]
  let width = 0
  for (const {text, style} of line)
    for (const word of text.match(/ *[^ ]+| +$/g) ?? []) {
      const isFirst = rows.at(-1)?.length === 0
      if (!isFirst && width + stringWidth(word) > columns) {
        rows.push([
          {text: indent, style: {}},
          {text: word.trimStart(), style},
        ])
        width = indent.length + stringWidth(word.trimStart())
      } else {
        rows.at(-1)?.push({text: word, style})
        width += stringWidth(word)
      }
    }
  return rows
}
