/** Characters that a screen is drawn with. */
export interface Glyphs {
  readonly selected: string
  readonly line: string
  readonly path: string
  readonly dot: string
  readonly cut: string
  /** From the lowest value to the highest. The first one stands for 0 and for nothing else. */
  readonly bars: readonly string[]
}

const drawn: Glyphs = {selected: '▸', line: '─', path: ' › ', dot: '·', cut: '…', bars: Array.from('▁▂▃▄▅▆▇█')}
const ascii: Glyphs = {selected: '>', line: '-', path: ' > ', dot: '|', cut: '~', bars: Array.from('_.:-=+*#')}

export const glyphsOf = (isAscii: boolean): Glyphs => (isAscii ? ascii : drawn)

/** A line with the dots that its kind of characters has. */
export const dotted = (text: string, {dot}: Pick<Glyphs, 'dot'>): string => text.replaceAll(drawn.dot, dot)

/** Whether a terminal can be expected to draw more than ASCII. Source: setlocale(3), which of the variables decides. */
export function isAsciiTerminal(environment: NodeJS.ProcessEnv): boolean {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || ''
  return environment['TERM'] === 'linux' || !/utf-?8/i.test(locale)
}
