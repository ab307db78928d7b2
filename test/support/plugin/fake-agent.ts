import {once} from 'node:events'
import {createServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {gzipSync} from 'node:zlib'
import {type WebSocket, WebSocketServer} from 'ws'
import {makeKey} from '../../../agent/serve/key.ts'
import {CONTRACT, type Hello, procedureRights, type Refusal} from '../../../core/contract/agent.ts'
import type {NodeDocument} from '../../../core/contract/node-documents.ts'

/** A procedure of a fake agent: its answer, a promise that may never come true, or for a subscription what comes one by one. */
type Procedure = (input: Record<string, unknown>, socket: WebSocket) => unknown

export interface FakeAgentOptions {
  readonly node: string
  readonly hello?: Partial<Hello>
  /** Instead of a WebSocket: a status and a body. */
  readonly refuse?: {readonly status: number; readonly body: string}
  readonly procedures?: Readonly<Record<string, Procedure>>
  /** Checked by default, as the real one does. */
  readonly acceptsAnyToken?: boolean
}

export interface FakeAgent extends AsyncDisposable {
  readonly port: number
  readonly audience: string
  /** Tokens that were shown. */
  readonly tokens: readonly string[]
  /** Names of the procedures that were called. */
  readonly calls: readonly string[]
  /** Ends all connections as a crash does. */
  cut(): void
}

/** What a procedure throws to answer with a refusal. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** For which audience the fake API server made a token. */
export const tokenFor = (audience: string): string => `fake.${Buffer.from(audience).toString('base64url')}.token`

/** TLS, sign-in and tRPC's messages of an agent; what it answers is up to the test. */
export async function startFakeAgent(options: FakeAgentOptions): Promise<FakeAgent> {
  const {key, certificate, audience} = await makeKey()
  const tokens: string[] = []
  const calls: string[] = []
  const server = createServer({key, cert: certificate, minVersion: 'TLSv1.3'})
  const sockets = new WebSocketServer({noServer: true})
  server.on('upgrade', (request, stream, head) => {
    const token = (request.headers.authorization ?? '').replace('Bearer ', '')
    tokens.push(token)
    const isRight = options.acceptsAnyToken === true || token === tokenFor(audience)
    const otherKey = {code: 'BAD_TOKEN', message: 'the token is for another key', next: 'Run the command again.'}
    const refusal = options.refuse ?? (isRight ? undefined : {status: 401, body: JSON.stringify(otherKey)})
    if (refusal)
      stream.end(
        `HTTP/1.1 ${refusal.status} No\r\ncontent-length: ${Buffer.byteLength(refusal.body)}\r\nconnection: close\r\n\r\n${refusal.body}`,
      )
    else sockets.handleUpgrade(request, stream, head, socket => answer(socket, options, calls))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    audience,
    tokens,
    calls,
    cut() {
      for (const socket of sockets.clients) socket.terminate()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise(resolve => {
        server.close(resolve)
      })
    },
  }
}

function answer(socket: WebSocket, {node, hello, procedures}: FakeAgentOptions, calls: string[]): void {
  const all: Readonly<Record<string, Procedure>> = {
    hello: () => ({
      contract: CONTRACT,
      version: '0.1.0',
      node,
      procedures: Object.keys(procedureRights),
      knowledge: {state: 'live', asOf: '2026-11-27T08:00:00.000Z', pods: 0, namespaces: 0, policies: 0},
      ...hello,
    }),
    ...procedures,
  }
  socket.on('message', (data: Buffer) => {
    const {id, params} = JSON.parse(data.toString()) as {id: number; params?: {path: string; input?: Record<string, unknown>}}
    // The end of a subscription has none.
    if (!params) return
    calls.push(params.path)
    const reply = (message: object) => socket.readyState === 1 && socket.send(JSON.stringify({id, ...message}))
    Promise.resolve()
      .then(() => all[params.path]?.(params.input ?? {}, socket))
      .then(async value => {
        if (!isStream(value)) return reply({result: {type: 'data', data: value}})
        reply({result: {type: 'started'}})
        for await (const each of value) reply({result: {type: 'data', data: each}})
        return reply({result: {type: 'stopped'}})
      })
      .then(
        () => {},
        (error: Error) => {
          const refusal = error instanceof Refused ? {refusal: error.refusal} : {}
          reply({error: {message: error.message, code: -32_000, data: {code: 'FORBIDDEN', ...refusal}}})
        },
      )
  })
}

const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** The procedures by which documents are read, for texts that are given. Pieces are small, so that there are several. */
export function documentProcedures(
  node: string,
  documents: Partial<Record<NodeDocument, string>>,
  pieceBytes = 256 * 1024,
): Record<string, Procedure> {
  const packed = new Map(Object.entries(documents).map(([name, text]) => [name, gzipSync(text, {level: 1})]))
  return {
    openSnapshot: ({documents: asked}) => ({
      id: 'snapshot',
      node,
      takenAt: '2026-11-27T08:00:00.000Z',
      documents: (asked as string[]).filter(name => packed.has(name)),
    }),
    readSnapshot: ({document, offset}) => {
      const bytes = packed.get(document as string) as Buffer
      const piece = bytes.subarray(offset as number, (offset as number) + pieceBytes)
      const end = (offset as number) + piece.length >= bytes.length
      return {
        base64: piece.toString('base64'),
        end,
        problems: [],
        ...(end && {command: `cat ${document as string}`, durationMs: 5}),
      }
    },
    closeSnapshot: () => null,
  }
}
