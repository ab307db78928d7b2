import {createServer as createHttpServer, type Server as HttpServer, type IncomingMessage} from 'node:http'
import {createServer, type Server, type Socket} from 'node:net'
import {type SecureContext, TLSSocket} from 'node:tls'
import {getWSConnectionHandler} from '@trpc/server/adapters/ws'
import {type WebSocket, WebSocketServer} from 'ws'
import {closeCodes} from '../../core/contract/agent.ts'
import type {Caller} from '../auth/caller.ts'
import {FairTurns} from '../limits/fair-turns.ts'
import {RateLimit} from '../limits/rate-limit.ts'
import {RefusedError, refused} from '../limits/refusal.ts'
import {UnauthenticatedConnections} from '../limits/unauthenticated-connections.ts'
import type {Agent} from './agent.ts'
import {ClientLog} from './client-log.ts'
import {Connection} from './connection.ts'
import {httpLimits, refusePlain, refuseUpgrade} from './http.ts'
import {Places} from './places.ts'
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
  private readonly places: Places
  private readonly turns: FairTurns
  /** Root of the node does not wait for others. */
  private readonly turnsOfRoot = new FairTurns(new RateLimit(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))
  private isStopping = false

  constructor(options: ServerOptions) {
    const {agent} = options
    const {limits, log} = agent
    this.options = options
    this.log = new ClientLog(log, limits)
    this.places = new Places(limits)
    this.turns = new FairTurns(new RateLimit(limits.requestsPerSecondOfAll, limits.requestsPerSecondOfAll))
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
      onError: ({error, path, ctx}) => {
        if (ctx && !ctx.connection.signal.aborted) ctx.connection.log.failed(error, path)
      },
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
      this.demandOpen()
      const caller = await this.options.signIn(request.headers.authorization, signal)
      this.demandOpen()
      this.makeRoom(caller)
      return caller
    })
    const server = createServer(raw => {
      const socket = new TLSSocket(raw, {isServer: true, secureContext})
      let isSecure = false
      socket.once('secure', () => (isSecure = true))
      this.unauthenticated.add(socket, () => (isSecure ? 'secure' : raw.bytesRead > 0 ? 'handshake' : 'silent'))
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
        const {limits} = this.options.agent
        const turns = caller.kind === 'root' ? this.turnsOfRoot : this.turns
        this.connect(new Connection(webSocket, caller, {limits, turns, log: this.log.connected(caller)}), request)
      })
    } catch (error) {
      this.refuse(socket, error)
    }
  }

  private demandOpen(): void {
    if (this.isStopping) throw refused('TOO_MANY', 'the agent is ending', 'Try again when its successor is ready.')
    if (this.options.agent.log.isStuck)
      throw refused(
        'TOO_MANY',
        'the log of the agent is not being read, so who connects could not be recorded',
        "Look at the node's container runtime and disk: kubectl describe node",
      )
  }

  private makeRoom(caller: Caller): void {
    const taken = [...this.connections].flatMap(connection => {
      const {tokenHash} = connection
      return tokenHash === undefined ? [] : [{tokenHash, lastUsedMs: connection.lastUsedMs, connection}]
    })
    const greediest = caller.kind === 'account' && this.places.admit(caller.tokenHash, taken)
    if (!greediest) return
    // At once: its `close` comes later, and many may come in one turn.
    this.connections.delete(greediest.connection)
    greediest.connection.end(closeCodes.tooMuch, 'all places are taken, and a client that had none has come')
  }

  /** Ends clients that do not read, those with the most first, while too much waits for them all. */
  private limitUnread(): void {
    let sum = 0
    let most: Connection | undefined
    for (const connection of this.connections) {
      sum += connection.unsentBytes
      if (!most || connection.unsentBytes > most.unsentBytes) most = connection
    }
    if (most && sum > this.options.agent.limits.unreadBytesOfAll) most.terminate()
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
    connection.on('unread', () => this.limitUnread())
    this.talk(connection, request)
    connection.once('close', (code: number, reason: Buffer) => {
      this.connections.delete(connection)
      for (const snapshot of connection.openSnapshots) agent.snapshots.leave(snapshot, connection.tokenHash)
      agent.writes?.staged.leave(connection)
      connection.log.gone(code, reason.toString())
      onConnections(this.connections.size)
    })
    onConnections(this.connections.size)
  }
}
