import stringWidth from 'fast-string-width'

/*
 * Text in pictures. Each piece has its place and its width, so that columns are straight in any monospaced font.
 */

/** In pixels. */
export const CELL = {width: 8.4, height: 19}
const FONT_SIZE = 14

export const BACKGROUND = '#0d1117'
export const BAR = '#161b22'
export const BORDER = '#30363d'
export const TEXT = '#d1d7e0'
export const DIM = '#8b949e'
/** Black, red, green, yellow, blue, magenta, cyan, white; then the bright ones. */
export const COLORS =
  '#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4 #8b949e #ffa198 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #f0f6fc'.split(
    ' ',
  )
/** Fonts that systems have; the browser takes the first one. */
const FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
export const TEXT_STYLE = `<style>text{font-family:${FONTS};font-size:${FONT_SIZE}px;white-space:pre}</style>`

/** Text whose base line begins at a point. */
export function textAt(x: number, y: number, text: string, fill: string, isBold = false): string {
  const looks = [`fill="${fill}"`, ...(isBold ? ['font-weight="bold"'] : [])]
  const width = number(stringWidth(text) * CELL.width)
  const place = `x="${number(x)}" y="${number(y)}" textLength="${width}"`
  // Spaces in a row would be joined by whoever does not know white-space.
  return `<text ${[place, ...looks].join(' ')} xml:space="preserve">${escaped(text)}</text>`
}

export const number = (value: number): string => String(Math.round(value * 10) / 10)

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
