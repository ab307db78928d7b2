import {PassThrough} from 'node:stream'
import type {ReadStream} from 'node:tty'
import {takeMouse} from './mouse.state.ts'

/**
 * The keys of a terminal for Ink, which throws away what a mouse sends: that is taken out before.
 */
export class TerminalInput extends PassThrough {
  readonly isTTY = true
  private readonly terminal: ReadStream
  private readonly onMouse: (sequence: string) => void
  private readonly onKeys: () => void
  /** The beginning of what a mouse sends. */
  private pending = ''

  private isClosed = false

  /**
   * @param onMouse is given each sequence, as `parseMouse` reads it
   * @param onKeys called when keys were pressed. They are kept until somebody reads them
   */
  constructor(terminal: ReadStream, onMouse: (sequence: string) => void, onKeys: () => void) {
    super()
    this.terminal = terminal
    this.onMouse = onMouse
    this.onKeys = onKeys
    terminal.setEncoding('utf8')
    terminal.on('data', this.receive)
    terminal.on('error', this.fail)
  }

  private readonly receive = (chunk: string | Buffer): void => {
    const {keys, sequences, pending} = takeMouse(this.pending + chunk.toString())
    this.pending = pending
    for (const sequence of sequences) this.onMouse(sequence)
    if (keys === '') return
    this.write(keys)
    this.onKeys()
  }

  /** A terminal that has gone, as with its window: SIGHUP follows. */
  private readonly fail = (): void => {}

  setRawMode(isRaw: boolean): this {
    if (!this.isClosed) this.terminal.setRawMode(isRaw)
    return this
  }

  /** Lets another program read the terminal. */
  lend(): void {
    this.setRawMode(false)
    this.terminal.pause()
  }

  takeBack(): void {
    this.setRawMode(true)
    this.terminal.resume()
  }

  ref(): this {
    this.terminal.ref()
    return this
  }

  unref(): this {
    this.terminal.unref()
    return this
  }

  /** What is typed from now on is for the shell. */
  close(): void {
    this.isClosed = true
    this.terminal.off('data', this.receive)
    this.terminal.destroy()
  }
}
