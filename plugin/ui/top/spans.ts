import {styleText} from 'node:util'
import type {Theme} from '../../../core/top/state.ts'
import type {Tone} from '../../../core/top/table.ts'
import {cutText, widthOf} from './text-width.ts'

/** What a part of a line is, besides what colours say of it. */
export type Look = Tone | 'selected' | 'title' | 'key'

/** A part of a line. Its text is safe for a terminal. */
export interface Span {
  readonly text: string
  readonly look?: Look
}

export type Line = readonly Span[]

type Format = Parameters<typeof styleText>[0]

/** The sixteen colours that terminals let people choose, so that they suit each background. `plain` has none. */
const themes: Readonly<Record<Theme, Readonly<Record<Look, Format | undefined>>>> = {
  dark: {
    bad: ['red', 'bold'],
    warning: 'yellow',
    good: 'green',
    faint: 'gray',
    strong: 'bold',
    selected: ['inverse', 'bold'],
    title: ['cyan', 'bold'],
    key: 'cyan',
  },
  light: {
    bad: ['red', 'bold'],
    warning: 'magenta',
    good: 'blue',
    faint: undefined,
    strong: 'bold',
    selected: ['inverse', 'bold'],
    title: ['blue', 'bold'],
    key: 'blue',
  },
  plain: {
    bad: 'bold',
    warning: undefined,
    good: undefined,
    faint: undefined,
    strong: undefined,
    selected: 'inverse',
    title: 'bold',
    key: 'bold',
  },
}

/** A line as a terminal draws it. */
export function paintLine(line: Line, theme: Theme): string {
  return line
    .map(({text, look}) => {
      const format = look && themes[theme][look]
      return format && text !== '' ? styleText(format, text, {validateStream: false}) : text
    })
    .join('')
}

export const plainLine = (line: Line): string => line.map(({text}) => text).join('')

export const lineWidth = (line: Line): number => line.reduce((width, {text}) => width + widthOf(text), 0)

/** Left text and right text at the two ends of a line; the right one gives way. */
export function bothEnds(left: Line, right: Line, width: number): Line {
  const gap = width - lineWidth(left) - lineWidth(right)
  return gap >= 1 ? [...left, {text: ' '.repeat(gap)}, ...right] : left
}

/** What of a line a terminal has room for. */
export function cutLine(spans: Line, columns: number): Line {
  const line: Span[] = []
  let left = columns
  for (const span of spans) {
    const width = widthOf(span.text)
    if (width > left) {
      line.push({...span, text: cutText(span.text, left, '')})
      break
    }
    line.push(span)
    left -= width
  }
  return line
}
