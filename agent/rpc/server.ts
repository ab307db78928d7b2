import type {IncomingMessage, Server as PlainServer} from 'node:http'
import type {Server} from 'node:https'
import type {Socket} from 'node:net'
import {getWSConnectionHandler} from '@trpc/server/adapters/ws'
import {type WebSocket, WebSocketServer} from 'ws'
import {closeCodes} from '../../core/contract/agent.ts'
import type {Caller} from '../auth/caller.ts'
import {RefusedError, refused} from '../limits/refusal.ts'
import {UnauthenticatedConnections} from '../limits/unauthenticated-connections.ts'
import type {Agent} from './agent.ts'
import {ClientLog} from './client-log.ts'
import {Connection} from './connection.ts'
import {answerPlain, refuseUpgrade} from './http.ts'
import {agentRouter, type Context} from './router.ts'

export interface ServerOptions {
  readonly agent: Agent
  /**
   * @param header the value of `Authorization`
   * @param signal aborted when the client is gone
   * @throws RefusedError for who may not connect
   */
  readonly signIn: (header: string | undefined, signal: AbortSignal) => Promise<Caller>
  readonly isReady: () => boolean
  /** Called whenever a client has come or gone. */
  readonly onConnections: (count: number) => void
}

type SignIn = (request: IncomingMessage, signal: AbortSignal) => Promise<Caller>

/** Lets clients in, and joins each of them to the router. Its own part of HTTP is small: probes, and refusals. */
export class AgentServer {
  private readonly options: ServerOptions
  private readonly sockets: WebSocketServer
  private readonly unauthenticated: UnauthenticatedConnections
  private readonly connections = new Set<Connection>()
  private readonly servers: (Server | PlainServer)[] = []
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

  /** Serves whoever connects and shows a token. */
  serveTls(server: Server): void {
    server.on('connection', (socket: Socket) => this.unauthenticated.add(socket))
    this.serve(server, async (request, signal) => {
      this.demandRoom()
      const caller = await this.options.signIn(request.headers.authorization, signal)
      // Others may have come while the token was reviewed.
      this.demandRoom()
      return caller
    })
  }

  /** Serves root of this node: nobody else can open the socket, and others do not keep root out. */
  serveRoot(server: PlainServer): void {
    this.serve(server, async () => ({kind: 'root'}))
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
      for (const server of this.servers) server.closeAllConnections()
    }, this.options.agent.limits.stopMs / 2)
    await Promise.all(closed)
    clearTimeout(late)
  }

  private serve(server: Server | PlainServer, signIn: SignIn): void {
    this.servers.push(server)
    server.on('request', (request, response) => answerPlain(request, response, {isReady: this.options.isReady}))
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      // The peer may be gone while its token is reviewed; that is nobody's fault.
      socket.on('error', () => socket.destroy())
      void this.upgrade(request, socket, head, signIn)
    })
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
