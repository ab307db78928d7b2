import {execa} from 'execa'

/** How a tool ended. `missing`: there is no such program. Anything but `ok` comes with a sentence. */
export type ToolEnd = 'ok' | 'missing' | 'failed'

export interface ToolResult {
  readonly command: string
  readonly end: ToolEnd
  readonly stdout: Uint8Array
  /** Empty when the tool ended well. */
  readonly failure: string
  readonly durationMs: number
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** The one way by which tools of the node are run; tests replace it. No shell, bounded time and output. Never throws. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<ToolResult>

const TIMEOUT_MS = 120_000
const LARGEST_OUTPUT_BYTES = 2 * 1024 ** 3
const SHOWN_STDERR = 500

export const run: Run = async (command, args, {signal, timeoutMs = TIMEOUT_MS} = {}) => {
  const result = await execa(command, args, {
    encoding: 'buffer',
    reject: false,
    timeout: timeoutMs,
    maxBuffer: LARGEST_OUTPUT_BYTES,
    stripFinalNewline: false,
    stdin: 'ignore',
    killSignal: 'SIGKILL',
    // The tools' messages are matched and shown; they must not depend on the user's language.
    env: {LC_ALL: 'C'},
    ...(signal && {cancelSignal: signal}),
  })
  const stderr = new TextDecoder().decode(result.stderr).trim().slice(-SHOWN_STDERR)
  const shown = [command, ...args].join(' ')
  const done = {command: shown, stdout: result.stdout, durationMs: result.durationMs}
  if (!result.failed) return {...done, end: 'ok', failure: ''}
  if (result.code === 'ENOENT') return {...done, end: 'missing', failure: `${command} is not installed`}
  return {...done, end: 'failed', failure: failureOf(result, stderr, timeoutMs)}
}

interface Ending {
  readonly timedOut: boolean
  readonly isCanceled: boolean
  readonly isMaxBuffer: boolean
  readonly signal?: string | undefined
  readonly exitCode?: number | undefined
  readonly originalMessage?: string | undefined
}

function failureOf(ending: Ending, stderr: string, timeoutMs: number): string {
  const because = stderr === '' ? '' : `: ${stderr}`
  if (ending.timedOut) return `it did not end within ${timeoutMs / 1000} s and was stopped${because}`
  if (ending.isCanceled) return 'it was interrupted'
  if (ending.isMaxBuffer) return `it printed more than ${LARGEST_OUTPUT_BYTES} bytes and was stopped`
  if (ending.signal !== undefined) return `it was ended by ${ending.signal}${because}`
  if (ending.exitCode !== undefined) return `it ended with exit code ${ending.exitCode}${because}`
  return `it could not be started: ${ending.originalMessage ?? 'unknown reason'}`
}
