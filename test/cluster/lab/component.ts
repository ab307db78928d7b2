import {spawn} from 'node:child_process'
import {closeSync, openSync, readFileSync} from 'node:fs'

/** A running program of a control plane. It dies with this process, however this one ends. */
export interface Component {
  readonly name: string
  readonly pid: number
  /** Where its output goes. */
  readonly log: string
  /** Says how it ended, with its last words; undefined while it runs. */
  end(): string | undefined
  /** SIGKILL, at once: a SIGTERMed API server waits a minute for open watches. Done when the process is gone. */
  kill(): Promise<void>
}

const SHOWN_LINES = 5

/**
 * Starts a program with its output appended to a file.
 *
 * @throws Error when it cannot be started
 */
export async function startComponent(name: string, command: string, args: readonly string[], log: string): Promise<Component> {
  const output = openSync(log, 'a')
  // setpriv becomes the program, so the child's number is the program's.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {stdio: ['ignore', output, output]})
  closeSync(output)
  const exited = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    name,
    pid: child.pid ?? 0,
    log,
    end: () =>
      hasEnded() ? `${name} ended by ${child.signalCode ?? `exit code ${child.exitCode}`}: ${lastLines(log)}` : undefined,
    async kill() {
      if (!hasEnded()) child.kill('SIGKILL')
      await exited
    },
  }
}

/** The end of a log, for messages. */
export function lastLines(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  return `its log ${log} ends with\n  ${lines.slice(-SHOWN_LINES).join('\n  ')}`
}
