import {createServer, type Server} from 'node:net'
import {basename, dirname, join} from 'node:path'
import {createSecureContext, type SecureContext} from 'node:tls'
import {AGENT_SOCKET, LIVE_SOCKET, RELAY_GROUP, ROOT_PIPE} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Log} from '../log.ts'
import {isWindows} from '../node/system.ts'
import type {AgentServer} from '../rpc/server.ts'
import type {AgentKey} from './key.ts'
import {listenAt, loopbackAddress} from './loopback.ts'
import {FullDiskError, listenUnix, type UnixSocket, type UnixSocketOptions} from './unix-socket.ts'

export interface SocketsOptions {
  /** For clients, which a relay brings. Beside it is the one for probes. Or, for clients on this machine, `127.0.0.1:PORT`. */
  readonly socket: string
  /** The folder of the one for root of this node. */
  readonly stateDir: string
  readonly log: Log
}

export interface Sockets extends AsyncDisposable {
  /** Where clients come in: the path, or the address with its port. */
  readonly clients: string
  /** For root of this node. Undefined where the disk has no room for it. */
  readonly root: string | undefined
  /** @throws InputError when somebody has removed or replaced one of them */
  demandInPlace(): Promise<void>
}

/** For every client that there is, TLS 1.3 is old enough. */
export const secureContextOf = ({key, certificate}: AgentKey): SecureContext =>
  createSecureContext({key, cert: certificate, minVersion: 'TLSv1.3'})

/**
 * Opens the sockets of an agent. Disposing removes them; the server closes what was connected.
 *
 * @throws InputError when one of them cannot be opened
 */
export async function openSockets(server: AgentServer, key: AgentKey, options: SocketsOptions): Promise<Sockets> {
  const {socket, stateDir, log} = options
  const sockets: UnixSocket[] = []
  await using stack = new AsyncDisposableStack()
  const open = async (listener: Server, how: UnixSocketOptions): Promise<UnixSocket> => {
    const opened = await listenUnix(listener, how)
    stack.defer(() => opened.remove())
    sockets.push(opened)
    return opened
  }
  const openRoot = async (): Promise<string | undefined> => {
    if (isWindows) {
      await listenAt(server.forRoot(), {path: ROOT_PIPE})
      return ROOT_PIPE
    }
    try {
      return (await open(server.forRoot(), {path: join(stateDir, AGENT_SOCKET), flag: '--state-dir'})).path
    } catch (error) {
      // Clients are served all the same.
      if (!(error instanceof FullDiskError)) throw error
      log.warn({folder: stateDir}, 'The disk is full: there is no socket for root of this node until the next start')
      return undefined
    }
  }
  const openClients = async (): Promise<string> => {
    const listener = server.forClients(secureContextOf(key))
    const address = loopbackAddress(socket)
    if (address) return `${address.host}:${await listenAt(listener, address)}`
    const group = RELAY_GROUP
    const clients = await open(listener, {path: socket, flag: '--socket', group})
    const {groupFailure} = clients
    if (groupFailure !== undefined)
      log.warn({socket, group, reason: groupFailure}, 'Only this user can open the socket for clients: a relay needs its group')
    // Opened last: whoever finds it finds the others.
    const probes = createServer(probe => probe.destroy())
    stack.defer(() => void probes.close())
    await open(probes, {path: join(dirname(socket), basename(LIVE_SOCKET)), flag: '--socket', group})
    return socket
  }
  const root = await openRoot()
  const clients = await openClients()
  const opened = stack.move()
  return {
    clients,
    root,
    demandInPlace: async () => {
      for (const each of sockets)
        if (!(await each.isInPlace()))
          throw new InputError(
            `${each.path} was removed or replaced while the agent ran: nobody could reach it there any more`,
            'Start the agent again. If it happens again, look for who removes the socket.',
          )
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
