import {mkdir} from 'node:fs/promises'
import {connect, createServer, type Server} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Lock, LockOptions} from './lock.ts'
import {sha256} from './sealed-record.ts'
import {refuseIfAborted, WriteFailure} from './write-failure.ts'

/** How often it is looked whether the lock is free. */
const LOOK_MS = 100
/** How long the holder may take to say who it is. */
const ANSWER_MS = 2000

/** The pipe that stands for the state in a folder. */
export const pipeOf = (stateDir: string): string =>
  `\\\\.\\pipe\\kubectl-npm-write-${sha256(stateDir.toLowerCase()).slice(0, 16)}`

/**
 * Takes the lock of a node without flock: who listens at a name holds it. The system frees the name when the process ends, however that
 * happens.
 *
 * @param path of a named pipe, which is gone with its process; elsewhere of a socket of which the same is true
 * @returns undefined when another writer holds it and `waitMs` is 0
 * @throws WriteFailure when it cannot be had; it says who holds it
 */
export async function takePipeLock(path: string, options: LockOptions): Promise<Lock | undefined> {
  const {stateDir, clock, by, verb, waitMs, signal} = options
  await mkdir(stateDir, {recursive: true, mode: 0o700})
  const holder = JSON.stringify({verb, by, since: clock.now().toISOString(), process: process.pid})
  const until = performance.now() + waitMs
  for (;;) {
    refuseIfAborted(signal)
    const server = await listen(path, holder)
    if (server) return {[Symbol.asyncDispose]: () => closed(server)}
    if (waitMs === 0) return undefined
    if (performance.now() >= until)
      throw new WriteFailure(`another write is going on: ${await holderAt(path)}`, 'Try again when it has ended.')
    await sleep(LOOK_MS)
  }
}

/** @returns undefined when another process listens there */
function listen(path: string, holder: string): Promise<Server | undefined> {
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.end(holder)
  })
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => {
      server.unref()
      resolve(server)
    })
  })
}

const closed = (server: Server): Promise<void> => new Promise(resolve => void server.close(() => resolve()))

/** Who has taken the lock, as far as it says. */
async function holderAt(path: string): Promise<string> {
  try {
    const said = JSON.parse(await answerOf(path)) as Record<string, unknown>
    return `${String(said['verb'])} by ${String(said['by'])} since ${String(said['since'])} (process ${String(said['process'])})`
  } catch {
    return 'the holder of its lock has not said who it is'
  }
}

function answerOf(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(path)
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')))
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
  })
}
