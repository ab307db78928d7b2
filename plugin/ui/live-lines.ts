import type {WriteStream} from 'node:tty'

const UP = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`)
const CLEAR_BELOW = '\r\u001b[0J'
/** A line that is too long is cut off: it takes one row of the terminal whatever its length. */
const NO_WRAP = '\u001b[?7l'
const WRAP = '\u001b[?7h'
/** For a terminal that does not report its size. */
const DEFAULT_ROWS = 24

/** Lines at the bottom of a terminal that each new version overwrites. What was printed above them stays. */
export class LiveLines {
  private readonly terminal: Pick<WriteStream, 'rows' | 'write'>
  private height = 0

  constructor(terminal: Pick<WriteStream, 'rows' | 'write'>) {
    this.terminal = terminal
  }

  /** Overwrites the lines of the last call. Those that do not fit into the terminal are left out and counted. */
  show(lines: readonly string[]): void {
    // Lines that have scrolled out at the top cannot be overwritten.
    const most = (this.terminal.rows ?? DEFAULT_ROWS) - 1
    const shown = lines.length <= most ? lines : [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`]
    const text = shown.map(line => `${line}\n`).join('')
    this.terminal.write(`${UP(this.height)}${CLEAR_BELOW}${NO_WRAP}${text}${WRAP}`)
    this.height = shown.length
  }
}
