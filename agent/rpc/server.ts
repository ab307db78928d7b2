import {createServer as createHttpServer, type Server as HttpServer, type IncomingMessage} from 'node:http'
import {createServer, type Server, type Socket} from 'node:net'
import {type SecureContext, TLSSocket} from 'node:tls'
import {getWSConnectionHandler} from '@trpc/server/adapters/ws'
import {type WebSocket, WebSocketServer} from 'ws'
import {closeCodes} from '../../core/contract/agent.ts'
import type {Caller} from '../auth/caller.ts'
import {RefusedError, refused} from '../limits/refusal.ts'
import {UnauthenticatedConnections} from '../limits/unauthenticated-connections.ts'
import type {Agent} from './agent.ts'
import {ClientLog} from './client-log.ts'
import {Connection} from './connection.ts'
import {httpLimits, refusePlain, refuseUpgrade} from './http.ts'
import {agentRouter, type Context} from './router.ts'

export interface ServerOptions {
  readonly agent: Agent
  /**
   * @param header the value of `Authorization`
   * @param signal aborted when the client is gone
   * @throws RefusedError for who may not connect
   */
  readonly signIn: (header: string | undefined, signal: AbortSignal) => Promise<Caller>
  /** Called whenever a client has come or gone. */
  readonly onConnections: (count: number) => void
}

type SignIn = (request: IncomingMessage, signal: AbortSignal) => Promise<Caller>

/** Lets clients in, and joins each of them to the router. Its own part of HTTP is small: refusals. */
export class AgentServer {
  private readonly options: ServerOptions
  private readonly sockets: WebSocketServer
  private readonly unauthenticated: UnauthenticatedConnections
  private readonly connections = new Set<Connection>()
  private readonly servers: Server[] = []
  private readonly httpServers: HttpServer[] = []
  private readonly talk: (connection: Connection, request: IncomingMessage) => void
  private readonly log: ClientLog
  private isStopping = false

  constructor(options: ServerOptions) {
    const {agent} = options
    const {limits, log} = agent
    this.options = options
    this.log = new ClientLog(log, limits)
    this.unauthenticated = new UnauthenticatedConnections(limits.unauthenticatedConnections, limits.signInMs)
    this.sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Dumps are compressed already, and a small frame must not unfold into a large one.
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
      // The types do not know these two yet.
      // oxlint-disable-next-line unicorn/no-useless-spread
      ...{maxFragments: limits.fragments, closeTimeout: limits.stopMs},
    })
    const handler = getWSConnectionHandler({
      wss: this.sockets,
      router: agentRouter,
      createContext: ({res}): Context => ({agent, connection: res as unknown as Connection}),
      keepAlive: {enabled: true, pingMs: limits.pingMs, pongWaitMs: limits.pongMs},
      maxBatchSize: limits.batch,
      onError: ({error, path, ctx}) => ctx?.connection.log.failed(error, path),
    })
    this.talk = (connection, request) => handler(connection as unknown as WebSocket, request)
  }

  get count(): number {
    return this.connections.size
  }

  get subscriptions(): number {
    return [...this.connections].reduce((sum, {subscriptions}) => sum + subscriptions, 0)
  }

  /**
   * A server for whoever speaks TLS and shows a token. The deadline and the number of those who have not signed in hold from the
   * first byte on.
   */
  forClients(secureContext: SecureContext): Server {
    const http = this.httpServer(async (request, signal) => {
      this.demandRoom()
      const caller = await this.options.signIn(request.headers.authorization, signal)
      // Others may have come while the token was reviewed.
      this.demandRoom()
      return caller
    })
    const server = createServer(raw => {
      const socket = new TLSSocket(raw, {isServer: true, secureContext})
      this.unauthenticated.add(socket)
      http.emit('connection', socket)
    })
    this.servers.push(server)
    return server
  }

  /** A server for root of this node: nobody else can open its socket, and others do not keep root out. */
  forRoot(): Server {
    const server = this.httpServer(async () => ({kind: 'root'}))
    this.servers.push(server)
    return server
  }

  /** Tells all clients, and ends within the time that there is. */
  async stop(reason: string): Promise<void> {
    this.isStopping = true
    const closed = [
      ...this.servers.map(server => new Promise<void>(resolve => void server.close(() => resolve()))),
      ...[...this.connections].map(connection => new Promise<void>(resolve => void connection.once('close', () => resolve()))),
    ]
    this.unauthenticated.destroyAll()
    for (const connection of this.connections) connection.end(closeCodes.goingAway, reason)
    const late = setTimeout(() => {
      for (const connection of this.connections) connection.terminate()
      for (const http of this.httpServers) http.closeAllConnections()
    }, this.options.agent.limits.stopMs / 2)
    await Promise.all(closed)
    clearTimeout(late)
  }

  private httpServer(signIn: SignIn): HttpServer {
    const server = createHttpServer(httpLimits(this.options.agent.limits), refusePlain)
    this.httpServers.push(server)
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      // The peer may be gone while its token is reviewed; that is nobody's fault.
      socket.on('error', () => socket.destroy())
      void this.upgrade(request, socket, head, signIn)
    })
    return server
  }

  private async upgrade(request: IncomingMessage, socket: Socket, head: Buffer, signIn: SignIn): Promise<void> {
    const gone = new AbortController()
    const leave = () => gone.abort()
    socket.once('close', leave)
    try {
      const caller = await signIn(request, gone.signal)
      socket.off('close', leave)
      // The path says nothing, and need not be one.
      request.url = '/'
      this.sockets.handleUpgrade(request, socket, head, webSocket => {
        this.unauthenticated.accept(socket)
        this.connect(new Connection(webSocket, caller, this.options.agent.limits, this.log.connected(caller)), request)
      })
    } catch (error) {
      this.refuse(socket, error)
    }
  }

  private demandRoom(): void {
    const {log, limits} = this.options.agent
    const {connections} = limits
    const others = [...this.connections].filter(({caller}) => caller.kind === 'account').length
    if (this.isStopping) throw refused('TOO_MANY', 'the agent is ending', 'Try again when its successor is ready.')
    if (log.isStuck)
      throw refused(
        'TOO_MANY',
        'the log of the agent is not being read, so who connects could not be recorded',
        "Look at the node's container runtime and disk: kubectl describe node",
      )
    if (others >= connections)
      throw refused('TOO_MANY', `the agent has ${others} connections, and takes no more`, 'Try again later.')
  }

  private refuse(socket: Socket, error: unknown): void {
    this.log.refused(error)
    const {refusal} =
      error instanceof RefusedError
        ? error
        : refused('REVIEW_FAILED', 'the agent failed while it looked at the token', 'Look at its log.')
    refuseUpgrade(socket, refusal)
  }

  private connect(connection: Connection, request: IncomingMessage): void {
    const {agent, onConnections} = this.options
    this.connections.add(connection)
    this.talk(connection, request)
    connection.once('close', (code: number, reason: Buffer) => {
      this.connections.delete(connection)
      for (const snapshot of connection.openSnapshots) agent.snapshots.leave(snapshot)
      connection.log.gone(code, reason.toString())
      onConnections(this.connections.size)
    })
    onConnections(this.connections.size)
  }
}
