import type {WriteStream} from 'node:tty'

const UP = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`)
const CLEAR_BELOW = '\r\u001b[0J'
/** A line that is too long is cut off, and takes one line whatever its length. */
const NO_WRAP = '\u001b[?7l'
const WRAP = '\u001b[?7h'
const USUAL_ROWS = 24

/** Lines at the cursor of a terminal that are written over by the next ones. What was there before stays above. */
export class Frame {
  private readonly terminal: Pick<WriteStream, 'rows' | 'write'>
  private height = 0

  constructor(terminal: Pick<WriteStream, 'rows' | 'write'>) {
    this.terminal = terminal
  }

  show(lines: readonly string[]): void {
    // What has scrolled out at the top cannot be written over.
    const most = (this.terminal.rows ?? USUAL_ROWS) - 1
    const shown = lines.length <= most ? lines : [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`]
    const text = shown.map(line => `${line}\n`).join('')
    this.terminal.write(`${UP(this.height)}${CLEAR_BELOW}${NO_WRAP}${text}${WRAP}`)
    this.height = shown.length
  }
}
