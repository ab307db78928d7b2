import {once} from 'node:events'
import {connect, createServer} from 'node:net'
import {createInterface} from 'node:readline'
import type {HnsAnswer, HnsFunctions, HnsHandle, HnsObject, HnsOpened} from '../../../agent/hns/functions.ts'
import type {HnsEmulator} from './emulator.ts'

/** Where an emulator is served: a unix socket, or a port of loopback. */
export type ServedAt = {readonly path: string} | {readonly port: number; readonly host: '127.0.0.1'}

interface Message {
  readonly number: number
  readonly verb: 'enumerate' | 'open' | 'query' | 'modify' | 'close' | 'call'
  readonly args: readonly unknown[]
}

/**
 * Serves an emulator to other processes, which may be killed at any moment: what they had done stays done, and their handles are closed, as
 * Windows does.
 */
export async function serveHns(emulator: HnsEmulator, at: ServedAt): Promise<AsyncDisposable> {
  const server = createServer(socket => {
    const open = new Map<HnsHandle, HnsObject>()
    const lines = createInterface({input: socket})
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      for (const [handle, object] of open) void emulator.close(object, handle)
    })
    lines.on('line', line => {
      const {number, verb, args} = JSON.parse(line) as Message
      const call = emulator[verb] as (...given: readonly unknown[]) => Promise<HnsOpened>
      void call.apply(emulator, args as never[]).then(answer => {
        if (answer.handle !== undefined) open.set(answer.handle, args[0] as HnsObject)
        if (verb === 'close') open.delete(args[1] as HnsHandle)
        if (!socket.destroyed) socket.write(`${JSON.stringify({number, answer})}\n`)
        else if (answer.handle !== undefined) void emulator.close(args[0] as HnsObject, answer.handle)
      })
    })
  })
  server.listen(at)
  await once(server, 'listening')
  return {
    [Symbol.asyncDispose]: async () => {
      server.close()
    },
  }
}

/** The functions of HNS as another process serves them. */
export function servedHns(at: ServedAt): HnsFunctions & Disposable {
  const waiting = new Map<number, (answer: HnsOpened) => void>()
  const refused = new Map<number, (error: Error) => void>()
  const socket = connect(at)
  socket.unref()
  socket.on('error', error => {
    for (const reject of refused.values()) reject(error)
  })
  let last = 0
  createInterface({input: socket}).on('line', line => {
    const {number, answer} = JSON.parse(line) as {number: number; answer: HnsOpened}
    waiting.get(number)?.(answer)
    waiting.delete(number)
    refused.delete(number)
    if (waiting.size === 0) socket.unref()
  })
  const call = (verb: Message['verb'], ...args: readonly unknown[]): Promise<HnsOpened> =>
    new Promise((resolve, reject) => {
      const number = ++last
      waiting.set(number, resolve)
      refused.set(number, reject)
      socket.ref()
      socket.write(`${JSON.stringify({number, verb, args})}\n`)
    })
  return {
    way: 'the emulator of another process',
    enumerate: (object, query): Promise<HnsAnswer> => call('enumerate', object, query),
    open: (object, guid) => call('open', object, guid),
    query: (object, handle, query) => call('query', object, handle, query),
    modify: (object, handle, request) => call('modify', object, handle, request),
    close: (object, handle) => call('close', object, handle),
    call: (method, path, request) => call('call', method, path, request),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}
