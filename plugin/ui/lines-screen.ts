import {Box, type Instance, render, Text} from 'ink'
import {createElement} from 'react'

/** For a terminal that does not report its size, or says that it has none. */
const DEFAULT_ROWS = 24

/**
 * Lines at the bottom of a terminal that each new version overwrites. What was printed above them stays, and so does the last version:
 * Ink gives the terminal back when the process ends.
 */
export class LinesScreen {
  private instance: Instance | undefined

  /** Overwrites the lines of the last call. Those that do not fit into the terminal are left out and counted. */
  show(lines: readonly string[]): void {
    // Lines that have scrolled out at the top cannot be overwritten.
    const most = (process.stdout.rows || DEFAULT_ROWS) - 1
    const shown = lines.length <= most ? lines : [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`]
    // A place in the frame is what a line is: it has no other name.
    const texts = shown.map((line, row) => createElement(Text, {key: row, wrap: 'truncate'}, line))
    const frame = createElement(Box, {flexDirection: 'column'}, ...texts)
    if (this.instance) this.instance.rerender(frame)
    else this.instance = render(frame, {exitOnCtrlC: false, incrementalRendering: true, interactive: true, patchConsole: false})
  }
}
