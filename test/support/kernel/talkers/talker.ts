import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import type {Namespace} from '../namespace.ts'

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

export type TalkerCommand =
  | {readonly does: 'listen'; readonly protocol: 'tcp' | 'udp'; readonly port: number}
  | {readonly does: 'open'; readonly protocol: 'tcp' | 'udp'; readonly address: string; readonly port: number}
  | {readonly does: 'say'; readonly id: number; readonly withinMs: number}

/** A connection that stays open. */
export interface Talk {
  /** Whether what is said over it is answered, within ten seconds. */
  goesOn(): Promise<boolean>
  /** Whether no answer comes for half a second, in which many would. */
  stalls(): Promise<boolean>
}

/** A process in a namespace that listens and talks over real sockets. */
export interface Talker extends AsyncDisposable {
  listen(protocol: 'tcp' | 'udp', port: number): Promise<void>
  /** Opens a connection; over UDP nothing is sent yet. */
  open(protocol: 'tcp' | 'udp', address: string, port: number): Promise<Talk>
}

const GOES_ON_MS = 10_000
const STALLS_MS = 500

export async function openTalker({name}: Namespace): Promise<Talker> {
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, CHILD], {stdio: ['pipe', 'pipe', 'inherit']})
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const line = await lines.next()
    if (line.done === true) throw new Error('the talker ended')
    return JSON.parse(line.value)
  }
  const tell = (command: TalkerCommand): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(command)}\n`)
    return next()
  }
  await next()
  return {
    listen: async (protocol, port) => void (await tell({does: 'listen', protocol, port})),
    open: async (protocol, address, port) => {
      const id = (await tell({does: 'open', protocol, address, port})) as number
      const say = async (withinMs: number) => (await tell({does: 'say', id, withinMs})) === true
      return {goesOn: () => say(GOES_ON_MS), stalls: async () => !(await say(STALLS_MS))}
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
