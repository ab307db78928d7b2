import {once} from 'node:events'
import {type AddressInfo, connect, createServer} from 'node:net'

export interface Relay extends AsyncDisposable {
  /** On the loopback. */
  readonly port: number
}

/** Passes bytes between a port of the loopback and a unix socket, as the relay on a node does. */
export async function openRelay(socketPath: string): Promise<Relay> {
  const server = createServer({allowHalfOpen: true}, client => {
    const agent = connect({path: socketPath, allowHalfOpen: true})
    client.pipe(agent).pipe(client)
    for (const [one, other] of [
      [client, agent],
      [agent, client],
    ] as const)
      one.on('error', () => {}).once('close', () => other.destroySoon())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}
