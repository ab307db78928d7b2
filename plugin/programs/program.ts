import {once} from 'node:events'
import type {Readable, Writable} from 'node:stream'
import {hold} from '../cleanup/interruption.ts'
import {guardedCommand, shellExitCodes} from './guarded-command.ts'
import {isFoundOnWindows} from './windows-program.ts'

export interface StartOptions {
  /** Lets it read the person's terminal: a login program may ask there. */
  readonly isStdinShared?: boolean
  /** Starts it in a session of its own, without a terminal; the programs that it starts end with it. */
  readonly isDetached?: boolean
  /** Of its socket. Removed by its guard if this process is killed. */
  readonly folder?: string
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** A program that goes on until it is disposed of, or this process is gone. */
export interface RunningProgram extends AsyncDisposable {
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when it has ended and its output is read: why it could not be started, or undefined. Never rejects. */
  readonly closed: Promise<NodeJS.ErrnoException | undefined>
  /** How it has ended, or undefined while it runs: `exit code 1`, `SIGTERM`. */
  readonly ended: () => string | undefined
}

/** Between the request to end and the kill. */
const END_MS = 500

/**
 * Starts a program that goes on.
 *
 * @param command a name, which is looked for on PATH, or a path
 */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<RunningProgram> {
  const {isStdinShared = false, isDetached = false, folder, env} = options
  const {execa} = await import('execa')
  const guarded = guardedCommand(command, args, {isGroup: isDetached, ...(folder !== undefined && {folder})})
  const program = execa(guarded.file, guarded.args, {
    stdio: [isStdinShared ? 'inherit' : 'ignore', 'pipe', 'pipe', guarded.isGuarded ? 'pipe' : 'ignore'],
    detached: isDetached,
    buffer: false,
    reject: false,
    // Done below: execa lets a group of processes live.
    cleanup: false,
    forceKillAfterDelay: false,
    ...(env && {env}),
  })
  const child = program.nodeChildProcess
  const kill = (signal: NodeJS.Signals): void => {
    if (!isDetached || child.pid === undefined) return void program.kill(signal)
    try {
      process.kill(-child.pid, signal)
    } catch {
      // All processes of the group have ended.
    }
  }
  const holding = hold(() => kill('SIGKILL'))
  const guard = child.stdio[3] as Writable | null
  // It has ended already when its group was killed.
  guard?.on('error', () => {})
  child.once('exit', () => guard?.end('\n'))
  let ending: Promise<void> | undefined

  async function end(): Promise<void> {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      kill('SIGTERM')
      const timer = setTimeout(() => kill('SIGKILL'), END_MS)
      await exited
      clearTimeout(timer)
    }
    // A program that it has started may hold them open.
    program.stdout.destroy()
    program.stderr.destroy()
    await holding[Symbol.asyncDispose]()
  }

  return {
    stdout: program.stdout,
    stderr: program.stderr,
    closed: program.then(({cause}) =>
      child.pid === undefined ? (cause as NodeJS.ErrnoException) : notRun(command, child.exitCode),
    ),
    ended: () =>
      child.exitCode === null && child.signalCode === null ? undefined : (child.signalCode ?? `exit code ${child.exitCode}`),
    [Symbol.asyncDispose]: () => (ending ??= end()),
  }
}

/** Why the shell could not run the command. */
function notRun(command: string, exitCode: number | null): NodeJS.ErrnoException | undefined {
  const isMissing = process.platform === 'win32' && exitCode !== 0 && !isFoundOnWindows(command)
  const code = isMissing ? 'ENOENT' : shellExitCodes[exitCode ?? 0]
  if (code === undefined) return undefined
  return Object.assign(new Error(code === 'ENOENT' ? 'there is no such program' : 'permission denied'), {code})
}

/** How a program that has ended did so. */
export interface ProgramResult {
  readonly stdout: string
  readonly stderr: string
  /** `exit code 0`, `SIGTERM`. */
  readonly ended: string
  /** Of the operating system when it could not be started: `ENOENT`. */
  readonly code: string | undefined
}

export interface RunOptions extends Omit<StartOptions, 'folder'> {
  readonly signal?: AbortSignal
  /** Takes what it says on stderr as it comes. */
  readonly onStderr?: (chunk: string) => void
}

/**
 * Runs a program to its end.
 *
 * @throws the reason of `signal` when it is aborted; everything else is in the result
 */
export async function runProgram(command: string, args: readonly string[], options: RunOptions = {}): Promise<ProgramResult> {
  const {signal, onStderr, ...start} = options
  signal?.throwIfAborted()
  await using program = await startProgram(command, args, start)
  const end = () => void program[Symbol.asyncDispose]()
  signal?.addEventListener('abort', end, {once: true})
  const [stdout, stderr, error] = await Promise.all([textOf(program.stdout), textOf(program.stderr, onStderr), program.closed])
  signal?.removeEventListener('abort', end)
  signal?.throwIfAborted()
  return {stdout, stderr, ended: program.ended() ?? 'unknown', code: error?.code}
}

async function textOf(stream: Readable, onText?: (text: string) => void): Promise<string> {
  let text = ''
  try {
    for await (const part of stream.setEncoding('utf8') as AsyncIterable<string>) {
      text += part
      onText?.(part)
    }
  } catch {
    // It was ended; what it printed is not needed.
  }
  return text.replace(/\n$/, '')
}
