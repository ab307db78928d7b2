import {once} from 'node:events'
import {rmSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import type {Readable} from 'node:stream'

/** kubectl as the person has it, or as KUBECTL says. */
export const kubectlCommand = (): string => process.env['KUBECTL'] || 'kubectl'

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
  const {execa} = await import('execa')
  const {stdout, stderr, failed, code} = await execa(kubectlCommand(), args, {
    reject: false,
    stdin: 'ignore',
    ...(signal && {cancelSignal: signal}),
  })
  signal?.throwIfAborted()
  return {stdout, stderr, hasFailed: failed, code}
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
  /** Removed when it has ended. */
  readonly folder?: string
}

/** A kubectl that serves until it is disposed of, or this process exits. */
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

/** What has to be done at once when this process exits. */
const exitTasks = new Set<() => void>()
const atExit = () => {
  for (const task of exitTasks) task()
}

/** Starts a kubectl that goes on serving. */
export async function startKubectl(args: readonly string[], options: StartOptions = {}): Promise<RunningKubectl> {
  const {isStdinShared = false, isDetached = false, folder} = options
  const {execa} = await import('execa')
  const kubectl = execa(kubectlCommand(), args, {
    stdio: [isStdinShared ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    detached: isDetached,
    buffer: false,
    reject: false,
    // Done below: execa lets a group of processes live, and knows no folder.
    cleanup: false,
    forceKillAfterDelay: false,
  })
  const kill = (signal: NodeJS.Signals): void => {
    if (!isDetached || kubectl.pid === undefined) return void kubectl.kill(signal)
    try {
      process.kill(-kubectl.pid, signal)
    } catch {
      // All processes of the group have ended.
    }
  }
  const exitTask = () => {
    kill('SIGKILL')
    if (folder !== undefined) rmSync(folder, {recursive: true, force: true})
  }
  if (exitTasks.size === 0) process.once('exit', atExit)
  exitTasks.add(exitTask)
  const child = kubectl.nodeChildProcess
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
    if (folder !== undefined) await rm(folder, {recursive: true, force: true})
    exitTasks.delete(exitTask)
    if (exitTasks.size === 0) process.off('exit', atExit)
  }

  return {
    stdout: kubectl.stdout,
    stderr: kubectl.stderr,
    closed: kubectl.then(({cause}) => (child.pid === undefined ? (cause as NodeJS.ErrnoException) : undefined)),
    ended: () =>
      child.exitCode === null && child.signalCode === null ? undefined : (child.signalCode ?? `exit code ${child.exitCode}`),
    [Symbol.asyncDispose]: () => (ending ??= end()),
  }
}
