import type {ChildProcess} from 'node:child_process'
import {Socket} from 'node:net'
import type {Readable} from 'node:stream'
import {execa} from 'execa'
import type {ToolEnd, ToolEnding} from './tool-ending.ts'
import {type Ending, failureOf, type StopReason} from './tool-failure.ts'
import {watchMemory} from './tool-memory.ts'

export interface ToolResult extends ToolEnding {
  readonly stdout: Uint8Array
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  readonly largestBytes?: number
  /** What the tool reads from its standard input. Without it, that is empty. */
  readonly input?: string
  /** A file descriptor of this process that the tool has, too, as its 3: whoever holds a lock by it goes on to, while the tool runs. */
  readonly heldFile?: number | undefined
}

/**
 * The one way by which tools of the node are run; tests replace it. No shell, bounded time and output. Never throws, and ends
 * a few seconds after its time also if the tool cannot be killed.
 */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<ToolResult>

/** A tool that is running, and prints. */
export interface RunningTool {
  readonly command: string
  /** Ends when the tool does; what is not read holds the tool up. Never fails. */
  readonly stdout: AsyncIterable<Uint8Array>
  /** Never rejects. It waits until `stdout` is read, or left. */
  readonly ending: Promise<ToolEnding>
}

/** The same for output that is worked on while it comes. */
export type Start = (command: string, args: readonly string[], options?: RunOptions) => RunningTool

const TIMEOUT_MS = 120_000
const LARGEST_OUTPUT_BYTES = 2 * 1024 ** 3
/** What `run` gives as a whole is held in memory; a save is for `start`. */
const LARGEST_ANSWER_BYTES = 1024 ** 2
/** How long after SIGKILL a process may still exist. What is there later waits in the kernel (state D), perhaps for ever. */
const LET_GO_MS = 3000
const SHOWN_STDERR = 500
const QUIET_MS = 500

const common = {
  reject: false,
  buffer: false,
  stripFinalNewline: false,
  killSignal: 'SIGKILL',
  // The tools' messages are matched and shown; they must not depend on the user's language.
  env: {LC_ALL: 'C'},
} as const

export const run: Run = async (command, args, options) => {
  const {stdout, ending} = start(command, args, {largestBytes: LARGEST_ANSWER_BYTES, ...options})
  const pieces: Uint8Array[] = []
  for await (const piece of stdout) pieces.push(piece)
  return {...(await ending), stdout: Buffer.concat(pieces)}
}

export const start: Start = (command, args, options = {}) => {
  const {signal, timeoutMs = TIMEOUT_MS, largestBytes = LARGEST_OUTPUT_BYTES, input, heldFile} = options
  const shown = [command, ...args].join(' ')
  const [held] = unstoppable.get(command) ?? []
  if (held !== undefined) return notStarted(shown, `an earlier ${command} could not be stopped: process ${held} is still there`)
  const startedAt = performance.now()
  const stdin = input === undefined ? 'ignore' : 'pipe'
  const child = execa(command, args, {
    ...common,
    ...(input !== undefined && {input}),
    // Its types know file descriptors up to 9 only.
    stdio: heldFile === undefined ? [stdin, 'pipe', 'pipe'] : [stdin, 'pipe', 'pipe', heldFile as 3],
  })
  const {nodeChildProcess} = child
  const pipes = [child.stdout, child.stderr]
  const over = Promise.withResolvers<ToolEnding>()
  const settle = (end: ToolEnd, failure: string) =>
    over.resolve({command: shown, end, failure, durationMs: performance.now() - startedAt})
  const failed = (ending: Ending) => settle('failed', failureOf(command, ending, stderr.trim(), {timeoutMs, bytes: largestBytes}))

  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SHOWN_STDERR)
  })
  child.stderr.on('error', () => {
    // Left below. What the tool said until then is shown.
  })

  let stoppedBy: StopReason | undefined
  let letGo: NodeJS.Timeout | undefined
  const stop = (reason: StopReason) => {
    if (stoppedBy) return
    stoppedBy = reason
    child.kill('SIGKILL')
    letGo = setTimeout(() => {
      // Others may hold the pipes, also when the tool itself has ended.
      for (const pipe of pipes) pipe.destroy()
      if (!isThere(nodeChildProcess)) return
      remember(command, nodeChildProcess)
      failed({stoppedBy: reason, heldProcess: nodeChildProcess.pid})
    }, LET_GO_MS)
  }
  const interrupt = () => stop('interrupted')
  const deadline = setTimeout(() => stop('timeout'), timeoutMs)
  watchMemory(nodeChildProcess, over.promise, () => stop('memory'))
  if (signal?.aborted) interrupt()
  signal?.addEventListener('abort', interrupt, {once: true})

  nodeChildProcess.once('exit', () => {
    // What it has not read nobody reads; what it left behind may hold the other end.
    nodeChildProcess.stdin?.destroy()
    leaveWhenQuiet(pipes)
  })
  void child.then(result => {
    clearTimeout(letGo)
    if (result.code === 'ENOENT') settle('missing', `${command} is not installed`)
    else if (!result.failed && !stoppedBy) settle('ok', '')
    else failed({...endOf(result), ...(stoppedBy && {stoppedBy})})
  })
  const ending = over.promise.finally(() => {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', interrupt)
  })
  return {command: shown, stdout: bounded(child.stdout, largestBytes, () => stop('output')), ending}
}

const endOf = ({signal, exitCode, originalMessage}: Ending): Ending => ({signal, exitCode, originalMessage})

const isThere = ({pid, exitCode, signalCode}: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

/**
 * Processes that SIGKILL did not end, by program. While there is one, its program is not started: it would wait for the same
 * thing in the kernel, and each read would leave some more of them.
 */
const unstoppable = new Map<string, Set<number>>()

function remember(command: string, process: ChildProcess): void {
  const {pid = 0} = process
  const held = unstoppable.get(command) ?? new Set()
  unstoppable.set(command, held.add(pid))
  process.once('exit', () => {
    held.delete(pid)
    if (held.size === 0) unstoppable.delete(command)
  })
  // This process may end before it.
  process.unref()
}

/** Stands for a tool that is not run, and why. */
export function notStarted(command: string, failure: string): RunningTool {
  const ending = Promise.resolve({command, end: 'failed' as const, failure, durationMs: 0})
  return {command, stdout: (async function* () {})(), ending}
}

/** A process that a tool left behind may hold its pipes open for ever. When nothing more comes through them, that is the end. */
function leaveWhenQuiet(pipes: readonly Readable[]): void {
  const bytesRead = () => pipes.reduce((sum, pipe) => sum + (pipe instanceof Socket ? pipe.bytesRead : 0), 0)
  let before = bytesRead()
  const timer = setInterval(() => {
    if (pipes.every(pipe => pipe.closed)) return clearInterval(timer)
    const now = bytesRead()
    // What waits to be taken is not quiet: its reader is slow.
    if (now === before && pipes.every(pipe => pipe.readableLength === 0)) for (const pipe of pipes) pipe.destroy()
    before = now
  }, QUIET_MS)
  // A pipe that is open keeps this process; when none is there is nothing to wait for.
  timer.unref()
}

/** What a stream gives, up to a limit. Its end is the end, whatever made it end: how the tool ended is told elsewhere. */
async function* bounded(stream: Readable, largestBytes: number, tooMuch: () => void): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const piece of stream) {
      bytes += piece.length
      if (bytes > largestBytes) return tooMuch()
      yield piece
    }
  } catch {
    // The pipe broke: the tool's ending says why.
  }
}
