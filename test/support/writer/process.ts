import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import type {WriteResult} from '../../../core/contract/writes.ts'
import type {WriterCommand} from './command.ts'
import {CHILD} from './program.ts'

/** A process that writes to the node of a network namespace. */
export interface WriterProcess extends AsyncDisposable {
  readonly process: ChildProcess
  /** @throws Error when it ends before it answers */
  tell<Answer = WriteResult>(command: WriterCommand): Promise<{readonly result: Answer; readonly passed: readonly string[]}>
  /** Ends it by SIGKILL, and waits until it is gone. */
  kill(): Promise<void>
  /** The same with the tools that it runs. */
  killAll(): Promise<void>
}

export interface WriterProcessOptions {
  readonly stateDir: string
  readonly node: string
  /** What it is started by, for example `['ip', 'netns', 'exec', NAME]`. */
  readonly within: readonly string[]
  /** By default its sources. */
  readonly program?: string | undefined
  readonly env?: Readonly<Record<string, string>>
  readonly bounds?: {readonly lockMs?: number; readonly toolMs?: number; readonly xtablesSeconds?: number}
}

export async function startWriter({
  within,
  program: file = CHILD,
  env = {},
  ...given
}: WriterProcessOptions): Promise<WriterProcess> {
  const argument = JSON.stringify({bounds: {}, ...given})
  const [program, ...args] = [...within, process.execPath, file, argument]
  const child = spawn(program, args, {stdio: ['pipe', 'pipe', 'pipe'], env: {...process.env, ...env}, detached: true})
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  child.stdin.on('error', () => {})
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const line = await lines.next()
    if (line.done === true) throw new Error(`the writer ended: ${said}`)
    return JSON.parse(line.value)
  }
  const end = async (id: number | undefined) => {
    if (id === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    process.kill(id, 'SIGKILL')
    await gone
  }
  const kill = () => end(child.pid)
  await next()
  return {
    process: child,
    tell: async command => {
      child.stdin.write(`${JSON.stringify(command)}\n`)
      return (await next()) as never
    },
    kill,
    // It leads a group of its own.
    killAll: () => end(child.pid && -child.pid),
    [Symbol.asyncDispose]: kill,
  }
}
