import {once} from 'node:events'
import {setTimeout as sleep} from 'node:timers/promises'
import type {LendTerminal} from './ink-keys.ts'

/** While a process is stopped this does not pass. Where nobody could continue it, the system lets it run on, and this does. */
const STOPPED_MS = 200

/** Ctrl-Z and SIGTSTP: gives the terminal back, and stops this process until the shell continues it. */
export class JobControl {
  /** Whether the terminal is the shell's. */
  isStopped = false
  private isClosed = false
  private readonly lend: LendTerminal
  private readonly onReturn: () => void

  /** @param onReturn called when the process goes on */
  constructor(lend: LendTerminal, onReturn: () => void) {
    this.lend = lend
    this.onReturn = onReturn
    process.on('SIGTSTP', this.suspend)
  }

  readonly suspend = (): void => {
    // On Windows a program cannot stop.
    if (this.isStopped || process.platform === 'win32') return
    this.isStopped = true
    void this.lend(this.stop)
      // Why the terminal cannot be lent ends the screen.
      .catch(() => {})
      .finally(() => {
        this.isStopped = false
        this.onReturn()
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
