import type {Server} from 'node:http'
import type {Server as TlsServer} from 'node:https'
import {connect, type Socket} from 'node:net'
import {type WebSocket, WebSocketServer} from 'ws'

const DATA = 0
const ERRORS = 1

/**
 * Serves port-forwards by WebSocket as a kubelet does, on the paths of the API server and of the kubelet alike. Each pod's port
 * leads to one of this machine.
 *
 * @param targetOf a port on loopback or the path of a unix socket; undefined when nothing listens in that pod
 */
export function servePortForwards(server: Server | TlsServer, targetOf: (pod: string) => number | string | undefined): void {
  const sockets = new WebSocketServer({noServer: true, handleProtocols: offered => offered.has(PROTOCOL) && PROTOCOL})
  server.on('upgrade', (request, socket, head) => {
    const {pathname, searchParams} = new URL(request.url ?? '', 'http://kubelet')
    const pod = /\/(?:pods\/([^/]+)\/portforward|portForward\/[^/]+\/([^/]+))$/.exec(pathname)
    const port = Number(searchParams.get('ports') ?? searchParams.get('port'))
    // Without it every answer waits for an acknowledgement.
    ;(socket as Socket).setNoDelay(true)
    sockets.handleUpgrade(request, socket, head, client => bridge(client, port, targetOf(pod?.[1] ?? pod?.[2] ?? '')))
  })
}

const PROTOCOL = 'v4.channel.k8s.io'
const frame = (channel: number, content: Uint8Array): Buffer => Buffer.concat([Buffer.of(channel), content])

function bridge(client: WebSocket, port: number, target: number | string | undefined): void {
  const header = Buffer.of(port & 0xff, port >> 8)
  client.send(frame(DATA, header))
  client.send(frame(ERRORS, header))
  const fail = (reason: string) => {
    client.send(
      frame(ERRORS, Buffer.from(`error forwarding port ${port} to pod: failed to connect to localhost:${port}: ${reason}`)),
    )
    client.close(1000)
  }
  if (target === undefined) return fail('connection refused')
  const upstream = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target)
  upstream.on('data', (chunk: Buffer) => client.send(frame(DATA, chunk)))
  upstream.once('error', ({message}) => fail(message))
  upstream.once('end', () => client.close(1000))
  client.on('message', (data: Buffer) => {
    if (data[0] === DATA) upstream.write(data.subarray(1))
  })
  client.once('close', () => upstream.destroy())
}
