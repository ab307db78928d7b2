import type {InkKeys} from './ink-keys.ts'
import {JobControl} from './job-control.ts'
import {MOUSE_OFF, MOUSE_ON} from './mouse.state.ts'
import {Rows} from './rows.ts'
import type {TopSession} from './session.ts'
import {paintLine} from './spans.ts'
import {TerminalInput} from './terminal-input.ts'

/** The alternate screen, and the cursor. */
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?1049l\u001b[?25h'

/** A person cannot follow more frames in a second. */
const FRAME_MS = 1000 / 15

/**
 * A session on the terminal of this process. The first frame is drawn at once. What reads keys is loaded behind it, and is given those
 * that were pressed before.
 */
export class Screen {
  private readonly session: TopSession
  private readonly load: () => Promise<unknown>
  private readonly rows: Rows
  private readonly jobs: JobControl
  private readonly input: TerminalInput
  private readonly broken = Promise.withResolvers<never>()
  private keys: Promise<InkKeys> | undefined
  private hasMouse = false
  private isOpen = true
  /** Whether a login program has the terminal. */
  private isAside = false
  private drawnMs = -Infinity
  private drawing: NodeJS.Timeout | undefined

  /** @param load loads what only keys ask for */
  constructor(session: TopSession, load: () => Promise<unknown>) {
    const {stdin, stdout} = process
    this.session = session
    this.load = load
    this.broken.promise.catch(() => {})
    this.rows = new Rows(text => void stdout.write(text))
    this.jobs = new JobControl(
      work => this.lend(work),
      () => this.draw(),
    )
    this.input = new TerminalInput(
      stdin,
      sequence => session.mouse(sequence, this.size()),
      () => void this.readKeys(),
    )
    this.input.setRawMode(true)
    stdout.on('resize', this.resized)
    stdout.write(ENTER)
    this.update()
  }

  /** Rejected when drawing fails. */
  get failed(): Promise<never> {
    return this.broken.promise
  }

  /** A terminal over a serial line, or of a script, does not tell its size. */
  readonly size = () => ({columns: process.stdout.columns || 80, rows: process.stdout.rows || 24})

  /** Draws what has changed: at once, or soon after the frame before. */
  readonly update = (): void => {
    const waitMs = this.drawnMs + FRAME_MS - performance.now()
    if (waitMs <= 0) this.draw()
    else this.drawing ??= setTimeout(() => this.draw(), waitMs).unref()
  }

  /** Loads what reads keys, so that the next one is not waited for. */
  readKeys(): Promise<InkKeys> {
    if (!this.keys) {
      this.keys = this.openKeys()
      this.keys.catch(this.broken.reject)
    }
    return this.keys
  }

  /** Leaves the terminal to a login program, which says `text` and may ask something, until `done`. */
  stepAside(text: string, done: Promise<void>): void {
    if (!this.isOpen) return void process.stderr.write(text)
    if (!this.isAside) {
      this.isAside = true
      this.useMouse(false)
      this.input.lend()
      process.stdout.write(LEAVE)
      void done.then(this.stepBack)
    }
    process.stderr.write(text)
  }

  /** Gives the terminal back as it was. May be called again. */
  readonly close = (): void => {
    if (!this.isOpen) return
    this.useMouse(false)
    this.isOpen = false
    clearTimeout(this.drawing)
    process.stdout.off('resize', this.resized)
    this.jobs.close()
    this.closeKeys()
    if (!this.isAside) {
      this.input.setRawMode(false)
      process.stdout.write(LEAVE)
    }
    this.input.close()
  }

  private closeKeys: () => void = () => {}

  private async openKeys(): Promise<InkKeys> {
    const [{openInkKeys}] = await Promise.all([import('./ink-keys.ts'), this.load()])
    const keys = await openInkKeys(this.input, (text, key) => {
      if (key.ctrl && text === 'z') this.jobs.suspend()
      else this.session.input(text, key, this.size())
    })
    this.closeKeys = keys.close
    if (!this.isOpen) keys.close()
    return keys
  }

  private async lend(work: () => Promise<void>): Promise<void> {
    const {lend} = await this.readKeys()
    this.useMouse(false)
    await lend(async () => {
      if (!this.isAside) process.stdout.write(LEAVE)
      await work()
      if (!this.isAside) process.stdout.write(ENTER)
      this.rows.forget()
    })
  }

  private draw(): void {
    clearTimeout(this.drawing)
    this.drawing = undefined
    this.drawnMs = performance.now()
    if (!this.isOpen || this.isAside || this.jobs.isStopped) return
    try {
      this.useMouse(this.session.state.hasMouse)
      const {lines} = this.session.frame(this.size())
      this.rows.show(lines.map(line => paintLine(line, this.session.state.theme)))
    } catch (error) {
      this.broken.reject(error)
    }
  }

  private readonly stepBack = (): void => {
    if (!this.isOpen) return
    this.isAside = false
    this.input.takeBack()
    process.stdout.write(ENTER)
    this.rows.forget()
    this.draw()
  }

  private readonly resized = (): void => {
    this.rows.forget()
    // Behind what Ink does then.
    queueMicrotask(() => this.draw())
  }

  private useMouse(isWanted: boolean): void {
    if (isWanted === this.hasMouse) return
    this.hasMouse = isWanted
    process.stdout.write(isWanted ? MOUSE_ON : MOUSE_OFF)
  }
}
