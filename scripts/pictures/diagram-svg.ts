import {BACKGROUND, BAR, BORDER, CELL, COLORS, DIM, escaped, number, TEXT, TEXT_STYLE, textAt} from './svg-text.ts'

/** A line of a box, with what it means: what is let through, what is dropped, what is only a remark. */
export interface BoxLine {
  readonly text: string
  readonly tone?: 'good' | 'bad' | 'mark' | 'dim'
}

/** Places count in pixels from the upper left corner. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly title: string
  readonly lines: readonly BoxLine[]
}

/** A way, from corner to corner, that ends in an arrow's head. */
export interface Arrow {
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly label?: {readonly text: string; readonly x: number; readonly y: number}
  readonly tone?: 'good' | 'bad' | 'mark'
}

export interface Diagram {
  readonly title: string
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
}

const PAD = 12
const HEAD = 28
const TONES = {good: COLORS[2], bad: COLORS[1], mark: COLORS[3], dim: DIM} as const
const inkOf = (tone: keyof typeof TONES | undefined): string => (tone && TONES[tone]) ?? TEXT

/** How high a box is, by its lines. */
export const boxHeight = ({lines}: Pick<Box, 'lines'>): number => HEAD + PAD + lines.length * CELL.height

/** Boxes and the ways between them as a picture, the same for the same diagram. */
export function diagramSvg({title, width, height, boxes, arrows}: Diagram): string {
  const label = escaped(title)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">`,
    `<title>${label}</title>`,
    TEXT_STYLE,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${BACKGROUND}" stroke="${BORDER}"/>`,
    ...boxes.flatMap(box => [...boxSvg(box)]),
    ...arrows.flatMap(arrow => [...arrowSvg(arrow)]),
    '</svg>',
    '',
  ].join('\n')
}

function* boxSvg(box: Box): Generator<string> {
  const {x, y, width, title, lines} = box
  const longest = Math.max(title.length, ...lines.map(({text}) => text.length))
  if (longest * CELL.width + 2 * PAD > width)
    throw new RangeError(`"${title}" needs ${Math.ceil(longest * CELL.width + 2 * PAD)} pixels`)
  yield `<rect x="${x}" y="${y}" width="${width}" height="${boxHeight(box)}" rx="6" fill="${BAR}" stroke="${BORDER}"/>`
  yield textAt(x + PAD, y + 20, title, COLORS[12] as string, true)
  for (const [row, {text, tone}] of lines.entries()) {
    const lead = text.length - text.trimStart().length
    if (text !== '') yield textAt(x + PAD + lead * CELL.width, y + HEAD + 14 + row * CELL.height, text.trim(), inkOf(tone))
  }
}

const POINT = 7

function* arrowSvg({points, label, tone}: Arrow): Generator<string> {
  const ink = tone ? inkOf(tone) : DIM
  const [end, before] = points.toReversed() as [readonly [number, number], readonly [number, number]]
  const [dx, dy] = [Math.sign(end[0] - before[0]), Math.sign(end[1] - before[1])]
  const [backX, backY] = [end[0] - dx * POINT, end[1] - dy * POINT]
  yield `<path d="M${points.map(([x, y]) => `${number(x)} ${number(y)}`).join('L')}" fill="none" stroke="${ink}" stroke-width="1.5"/>`
  yield `<path d="M${end[0]} ${end[1]}L${number(backX - dy * 4)} ${number(backY - dx * 4)}L${number(backX + dy * 4)} ${number(backY + dx * 4)}Z" fill="${ink}"/>`
  if (label) yield textAt(label.x, label.y, label.text, ink)
}
