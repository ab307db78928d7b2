import type {WriteStream} from 'node:tty'
import type {Progress} from '../agents/each-node.ts'

const CLEAR_LINE = '\r\u001b[2K'

/** One line of a terminal that each text overwrites; nothing is written where the stream is no terminal. */
export function progressLine(terminal: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>): Progress {
  if (!terminal.isTTY) return {show: () => {}, clear: () => {}}
  return {
    show: text => void terminal.write(`${CLEAR_LINE}${text.slice(0, Math.max(0, terminal.columns - 1))}`),
    clear: () => void terminal.write(CLEAR_LINE),
  }
}
