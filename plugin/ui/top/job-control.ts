import {once} from 'node:events'
import {setTimeout as sleep} from 'node:timers/promises'
import type {LendTerminal} from './top-screen.ts'

/** While a process is stopped this does not pass. Where nobody could continue it, the system lets it run on, and this does. */
const STOPPED_MS = 200

/** Ctrl-Z and SIGTSTP: gives the terminal back, and stops this process until the shell continues it. */
export class JobControl {
  /** Undefined while nothing is drawn yet. */
  lend: LendTerminal | undefined
  /** Whether the terminal is the shell's. */
  isStopped = false
  private isClosed = false
  private readonly onChange: () => void

  /** @param onChange called before the process stops, and when it goes on */
  constructor(onChange: () => void) {
    this.onChange = onChange
    process.on('SIGTSTP', this.suspend)
  }

  readonly suspend = (): void => {
    // On Windows a program cannot stop.
    if (this.isStopped || !this.lend || process.platform === 'win32') return
    this.isStopped = true
    this.onChange()
    void this.lend(this.stop).finally(() => {
      this.isStopped = false
      this.onChange()
    })
  }

  close(): void {
    this.isClosed = true
    process.off('SIGTSTP', this.suspend)
  }

  private readonly stop = async (): Promise<void> => {
    // Without a listener the signal does what it does to every program.
    process.off('SIGTSTP', this.suspend)
    const over = new AbortController()
    const {signal} = over
    const goesOn = once(process, 'SIGCONT', {signal})
    process.kill(process.pid, 'SIGTSTP')
    await Promise.race([goesOn, sleep(STOPPED_MS, undefined, {signal})])
    over.abort()
    await goesOn.catch(() => {})
    if (!this.isClosed) process.on('SIGTSTP', this.suspend)
  }
}
