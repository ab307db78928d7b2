import {once} from 'node:events'
import type {Readable, Writable} from 'node:stream'
import {hold} from '../cleanup/interruption.ts'
import {guardedCommand, shellExitCodes} from './guarded-command.ts'
import {isFoundOnWindows} from './windows-program.ts'

/** kubectl as the person has it, or as KUBECTL says. */
export const kubectlCommand = (): string => process.env['KUBECTL'] || 'kubectl'

/** What kubectl says as a part of one sentence: its lines joined, without the hint at its help. */
export const oneLine = (said: string): string =>
  said
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith("See 'kubectl "))
    .join('; ')

/** How a kubectl that has ended did so. */
export interface KubectlResult {
  readonly stdout: string
  readonly stderr: string
  /** Whether it could not be started, or ended with an exit code other than 0. */
  readonly hasFailed: boolean
  /** Of the operating system when it could not be started: `ENOENT`. */
  readonly code: string | undefined
}

/**
 * Runs kubectl to its end.
 *
 * @throws AbortError when `signal` is aborted; everything else is in the result
 */
export async function runKubectl(args: readonly string[], signal?: AbortSignal): Promise<KubectlResult> {
  const kubectl = await startKubectl(args)
  await using _ = kubectl
  const end = () => void kubectl[Symbol.asyncDispose]()
  signal?.addEventListener('abort', end, {once: true})
  const [stdout, stderr, error] = await Promise.all([textOf(kubectl.stdout), textOf(kubectl.stderr), kubectl.closed])
  signal?.removeEventListener('abort', end)
  signal?.throwIfAborted()
  return {stdout, stderr, hasFailed: error !== undefined || kubectl.ended() !== 'exit code 0', code: error?.code}
}

async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = []
  try {
    for await (const part of stream as AsyncIterable<Buffer>) parts.push(part)
  } catch {
    // It was ended; what it printed is not needed.
  }
  return Buffer.concat(parts).toString().replace(/\n$/, '')
}

/** Starts kubectl and leaves it behind: it goes on when this process ends, and nobody learns what became of it. */
export async function leaveKubectlRunning(args: readonly string[]): Promise<void> {
  const {execa} = await import('execa')
  const kubectl = execa(kubectlCommand(), args, {
    detached: true,
    cleanup: false,
    stdio: 'ignore',
    buffer: false,
    reject: false,
  })
  kubectl.nodeChildProcess.unref()
}

export interface StartOptions {
  /** Lets it read the person's terminal: a login program may ask there. */
  readonly isStdinShared?: boolean
  /** Starts it in a session of its own, without a terminal; the programs that it starts end with it. */
  readonly isDetached?: boolean
  /** Of its socket. Removed by its guard if this process is killed. */
  readonly folder?: string
}

/** A kubectl that serves until it is disposed of, or this process is gone. */
export interface RunningKubectl extends AsyncDisposable {
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when it has ended and its output is read: why it could not be started, or undefined. Never rejects. */
  readonly closed: Promise<NodeJS.ErrnoException | undefined>
  /** How it has ended, or undefined while it runs: `exit code 1`, `SIGTERM`. */
  readonly ended: () => string | undefined
}

/** Between the request to end and the kill. */
const END_MS = 500

/** Starts a kubectl that goes on serving. */
export async function startKubectl(args: readonly string[], options: StartOptions = {}): Promise<RunningKubectl> {
  const {isStdinShared = false, isDetached = false, folder} = options
  const {execa} = await import('execa')
  const command = guardedCommand(kubectlCommand(), args, {isGroup: isDetached, ...(folder !== undefined && {folder})})
  const kubectl = execa(command.file, command.args, {
    stdio: [isStdinShared ? 'inherit' : 'ignore', 'pipe', 'pipe', command.isGuarded ? 'pipe' : 'ignore'],
    detached: isDetached,
    buffer: false,
    reject: false,
    // Done below: execa lets a group of processes live.
    cleanup: false,
    forceKillAfterDelay: false,
  })
  const child = kubectl.nodeChildProcess
  const kill = (signal: NodeJS.Signals): void => {
    if (!isDetached || child.pid === undefined) return void kubectl.kill(signal)
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
    kubectl.stdout.destroy()
    kubectl.stderr.destroy()
    await holding[Symbol.asyncDispose]()
  }

  return {
    stdout: kubectl.stdout,
    stderr: kubectl.stderr,
    closed: kubectl.then(({cause}) => (child.pid === undefined ? (cause as NodeJS.ErrnoException) : notRun(child.exitCode))),
    ended: () =>
      child.exitCode === null && child.signalCode === null ? undefined : (child.signalCode ?? `exit code ${child.exitCode}`),
    [Symbol.asyncDispose]: () => (ending ??= end()),
  }
}

/** Why the shell could not run the command. */
function notRun(exitCode: number | null): NodeJS.ErrnoException | undefined {
  const isMissing = process.platform === 'win32' && exitCode !== 0 && !isFoundOnWindows(kubectlCommand())
  const code = isMissing ? 'ENOENT' : shellExitCodes[exitCode ?? 0]
  if (code === undefined) return undefined
  return Object.assign(new Error(code === 'ENOENT' ? 'there is no such program' : 'permission denied'), {code})
}
