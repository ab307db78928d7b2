import {styleText} from 'node:util'
import {escapeControls} from '../../core/text/escape.ts'

export type ColorMode = 'auto' | 'always' | 'never'

/** Colour only repeats what a word already says. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Makes a piece of foreign text safe for a terminal and styles it. All text from nodes passes here. */
export type Paint = (text: string, style?: Style) => string

/** Whether to colour, as the flag, the terminal and NO_COLOR (no-color.org) say. */
export function wantsColor(mode: ColorMode, isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  if (mode !== 'auto') return mode === 'always'
  return isTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}

export function painter(isColored: boolean): Paint {
  if (!isColored) return escapeControls
  return (text, style) => (style ? styleText(style, escapeControls(text), {validateStream: false}) : escapeControls(text))
}
