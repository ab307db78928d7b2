import {Socket} from 'node:net'
import type {Readable} from 'node:stream'
import {execa} from 'execa'
import type {ToolEnding} from './tool-ending.ts'
import {failureOf} from './tool-failure.ts'

export interface ToolResult extends ToolEnding {
  readonly stdout: Uint8Array
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  readonly largestBytes?: number
}

/** The one way by which tools of the node are run; tests replace it. No shell, bounded time and output. Never throws. */
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
const SHOWN_STDERR = 500
const QUIET_MS = 500

const common = {
  reject: false,
  stripFinalNewline: false,
  stdin: 'ignore',
  killSignal: 'SIGKILL',
  // The tools' messages are matched and shown; they must not depend on the user's language.
  env: {LC_ALL: 'C'},
} as const

export const run: Run = async (command, args, {signal, timeoutMs = TIMEOUT_MS, largestBytes = LARGEST_OUTPUT_BYTES} = {}) => {
  const result = await execa(command, args, {
    ...common,
    encoding: 'buffer',
    timeout: timeoutMs,
    maxBuffer: largestBytes,
    ...(signal && {cancelSignal: signal}),
  })
  const stderr = new TextDecoder().decode(result.stderr).trim().slice(-SHOWN_STDERR)
  const shown = [command, ...args].join(' ')
  const done = {command: shown, stdout: result.stdout, durationMs: result.durationMs}
  if (!result.failed) return {...done, end: 'ok', failure: ''}
  if (result.code === 'ENOENT') return {...done, end: 'missing', failure: `${command} is not installed`}
  return {...done, end: 'failed', failure: failureOf(command, result, stderr, {timeoutMs, bytes: largestBytes})}
}

export const start: Start = (command, args, {signal, timeoutMs = TIMEOUT_MS, largestBytes = LARGEST_OUTPUT_BYTES} = {}) => {
  const shown = [command, ...args].join(' ')
  const stop = new AbortController()
  const child = execa(command, args, {
    ...common,
    buffer: false,
    timeout: timeoutMs,
    cancelSignal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
  })
  let isTooMuch = false
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-SHOWN_STDERR)
  })
  child.nodeChildProcess.once('exit', () => leaveWhenQuiet([child.stdout, child.stderr]))
  const tooMuch = () => {
    isTooMuch = true
    stop.abort()
  }
  const ending = child.then((result): ToolEnding => {
    const done = {command: shown, durationMs: result.durationMs}
    if (!result.failed) return {...done, end: 'ok', failure: ''}
    if (result.code === 'ENOENT') return {...done, end: 'missing', failure: `${command} is not installed`}
    // oxlint-disable-next-line typescript/no-misused-spread -- only the facts of the error are wanted
    const told = {...result, isMaxBuffer: isTooMuch, isCanceled: result.isCanceled && !isTooMuch}
    return {...done, end: 'failed', failure: failureOf(command, told, stderr.trim(), {timeoutMs, bytes: largestBytes})}
  })
  return {command: shown, stdout: bounded(child.stdout, largestBytes, tooMuch), ending}
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
