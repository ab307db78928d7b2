import stringWidth from 'fast-string-width'
import {BACKGROUND, BAR, BORDER, CELL, COLORS, DIM, escaped, number, TEXT, TEXT_STYLE, textAt} from './svg-text.ts'
import {type Run, type Style, widthOf} from './terminal-text.ts'

/*
 * Our own writer: the packages that make SVG of terminal text draw whole recordings, or have had no release for years.
 */

/** In pixels. */
const EDGE = 16
const TITLE = 36

export interface Screen {
  /** What was typed, and stands above. */
  readonly command: string
  readonly lines: readonly (readonly Run[])[]
  readonly columns: number
}

/** A screen as a picture, the same for the same text. */
export function screenSvg({command, lines, columns}: Screen): string {
  const width = Math.ceil(columns * CELL.width + 2 * EDGE)
  const height = TITLE + lines.length * CELL.height + 2 * EDGE - 6
  const label = escaped(`$ ${command}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">`,
    `<title>${label}</title>`,
    TEXT_STYLE,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${BACKGROUND}" stroke="${BORDER}"/>`,
    `<path d="M1 ${TITLE}V8.5A7.5 7.5 0 0 1 8.5 1H${width - 8.5}A7.5 7.5 0 0 1 ${width - 1} 8.5V${TITLE}Z" fill="${BAR}"/>`,
    `<path d="M1 ${TITLE + 0.5}H${width - 1}" stroke="${BORDER}"/>`,
    textAt(EDGE, 23, '$', COLORS[2] as string, true),
    textAt(EDGE + 2 * CELL.width, 23, command, TEXT),
    ...lines.flatMap((line, row) => [...rowSvg(line, TITLE + EDGE + row * CELL.height)]),
    '</svg>',
    '',
  ].join('\n')
}

function* rowSvg(line: readonly Run[], top: number): Generator<string> {
  let column = 0
  for (const run of line) {
    const {text, style} = run
    const x = EDGE + column * CELL.width
    const width = widthOf([run]) * CELL.width
    if (style.isInverse)
      yield `<rect x="${number(x)}" y="${number(top - 2)}" width="${number(width)}" height="${CELL.height}" fill="${colorOf(style)}" shape-rendering="crispEdges"/>`
    for (const part of text.match(PARTS) ?? []) {
      const at = EDGE + column * CELL.width
      if (BLOCKS.test(part)) yield blocksSvg(part, at, top, style)
      // Spaces alone draw nothing, and browsers may not keep those at the ends.
      const lead = part.length - part.trimStart().length
      const word = part.trim()
      if (word !== '' && !BLOCKS.test(part)) yield textAt(at + lead * CELL.width, top + 12, word, inkOf(style), style.isBold)
      column += stringWidth(part)
    }
  }
}

/** The blocks of sparklines, of one to eight eighths of a cell. */
const BLOCKS = /^[\u2581-\u2588]/
const PARTS = /[\u2581-\u2588]+|[^\u2581-\u2588]+/g
const FIRST_BLOCK = 0x2580

/** Drawn, not written: fonts leave gaps between blocks. */
function blocksSvg(blocks: string, x: number, top: number, style: Style): string {
  const bottom = top - 2 + CELL.height
  const steps = Array.from({length: blocks.length}, (_, at) => {
    const height = ((blocks.charCodeAt(at) - FIRST_BLOCK) * (CELL.height - 2)) / 8
    return `V${number(bottom - height)}H${number(x + (at + 1) * CELL.width)}`
  })
  return `<path d="M${number(x)} ${bottom}${steps.join('')}V${bottom}Z" fill="${inkOf(style)}"/>`
}

const inkOf = (style: Style): string => (style.isInverse ? BACKGROUND : colorOf(style))

const colorOf = ({color, isDim}: Style): string => (color === undefined ? (isDim ? DIM : TEXT) : (COLORS[color] as string))
