import {once} from 'node:events'
import {createServer} from 'node:http'
import {type AddressInfo, connect} from 'node:net'
import type {Duplex} from 'node:stream'
import {describe, expect, test} from 'vitest'
import {WebSocket, WebSocketServer} from 'ws'
import type {ClusterApi} from '../../../plugin/kubernetes/api.ts'
import {openPortForward} from '../../../plugin/kubernetes/port-forward.ts'

const PORT = Buffer.of(10_092 & 0xff, 10_092 >> 8)
const frame = (channel: number, ...content: Uint8Array[]): Buffer => Buffer.concat([Buffer.of(channel), ...content])
const data = (text: string): Buffer => frame(0, Buffer.from(text))

/** Opens a port-forward to a far end that does what the test says. */
async function forwardTo(far: (socket: WebSocket) => void): Promise<{stream: Duplex; far: WebSocket} & AsyncDisposable> {
  const server = createServer()
  const sockets = new WebSocketServer({server, handleProtocols: () => 'v4.channel.k8s.io'})
  sockets.on('connection', far)
  const connected = once(sockets, 'connection')
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const {port} = server.address() as AddressInfo
  const upgrade = async (path: string, protocols: readonly string[]) => {
    const socket = new WebSocket(`ws://localhost${path}`, [...protocols], {createConnection: () => connect(port, '127.0.0.1')})
    socket.on('error', () => {})
    return socket
  }
  const api = {agentNamespace: 'kubectl-npm', upgrade} as Partial<ClusterApi> as ClusterApi
  const stream = await openPortForward(api, {namespace: 'a', name: 'b', port: 10_092}, AbortSignal.timeout(10_000))
  const [socket] = (await connected) as [WebSocket]
  return {
    stream,
    far: socket,
    async [Symbol.asyncDispose]() {
      stream.on('error', () => {}).destroy()
      for (const each of sockets.clients) each.terminate()
      await new Promise(resolve => {
        server.close(resolve)
      })
    },
  }
}

const textOf = async (stream: Duplex): Promise<string> => {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

describe('a port-forward', () => {
  test('leaves out the port that each channel starts with, however the frames are cut', async () => {
    await using whole = await forwardTo(far => {
      far.send(frame(0, PORT))
      far.send(frame(1, PORT))
      far.send(data('hello'))
      far.close(1000)
    })
    expect(await textOf(whole.stream)).toBe('hello')
    await using joined = await forwardTo(far => {
      far.send(frame(0, PORT.subarray(0, 1)))
      far.send(frame(1, PORT))
      far.send(frame(0, PORT.subarray(1), Buffer.from('hel')))
      far.send(data('lo'))
      far.close(1000)
    })
    expect(await textOf(joined.stream)).toBe('hello')
  })

  test('carries what is written, as data', async () => {
    const got: Buffer[] = []
    await using forward = await forwardTo(far => far.on('message', (message: Buffer) => got.push(message)))
    forward.stream.write('to the pod')
    await once(forward.far, 'message')
    expect(Buffer.concat(got)).toEqual(data('to the pod'))
  })

  test('ends with the error that the kubelet tells', async () => {
    await using forward = await forwardTo(far => {
      far.send(frame(0, PORT))
      far.send(frame(1, PORT))
      far.send(frame(1, Buffer.from('connection ')))
      far.send(frame(1, Buffer.from('refused\n')))
      far.close(1000)
    })
    await expect(textOf(forward.stream)).rejects.toThrow(/^connection refused$/)
  })

  test('ends with an error when the far end is gone without a word', async () => {
    await using forward = await forwardTo(far => {
      far.send(frame(0, PORT))
      far.send(data('half'))
      setImmediate(() => far.terminate())
    })
    await expect(textOf(forward.stream)).rejects.toThrow('the port-forward broke off (WebSocket close code 1006)')
  })

  test('what is written after the far end hung up is lost, and what it said is not', async () => {
    await using forward = await forwardTo(far => {
      far.send(frame(0, PORT))
      far.send(data('goodbye'))
      far.close(1000)
    })
    await once(forward.far, 'close')
    forward.stream.write('anybody there?')
    expect(await textOf(forward.stream)).toBe('goodbye')
  })

  test('a reader that does not read holds up the far end, and nothing piles up here', async () => {
    const size = 64 * 1024
    const count = 1600
    await using forward = await forwardTo(far => {
      far.send(frame(0, PORT))
      for (let sent = 0; sent < count; sent++) far.send(frame(0, Buffer.alloc(size, sent)))
      far.close(1000)
    })
    const {stream, far} = forward
    await once(stream, 'readable')
    // Nothing moves any more when what is on the way stays what it is.
    for (let before = -1; before !== far.bufferedAmount; ) {
      before = far.bufferedAmount
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(stream.readableLength).toBeLessThan(1024 * 1024)
    expect(far.bufferedAmount).toBeGreaterThan((size * count) / 2)
    let read = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) read += chunk.length
    expect(read).toBe(size * count)
  })
})
