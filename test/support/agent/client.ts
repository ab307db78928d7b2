import {once} from 'node:events'
import {gunzipSync} from 'node:zlib'
import {type ClientOptions, WebSocket} from 'ws'
import type {Procedure, Refusal, Snapshot, SnapshotPiece} from '../../../core/contract/agent.ts'
import type {NodeDocument} from '../../../core/contract/node-documents.ts'
import type {Problem} from '../../../core/problem/problem.ts'
import {connectTls} from './tls.ts'

interface Message {
  readonly id: number | null
  readonly result?: {readonly type?: string; readonly data?: unknown}
  readonly error?: {readonly message: string; readonly data: {readonly code: string; readonly refusal?: Refusal}}
}

/** What an agent said instead of an answer. */
export class AgentRefusal extends Error {
  readonly code: string
  readonly refusal: Refusal | undefined

  constructor({message, data}: NonNullable<Message['error']>) {
    super(message)
    this.code = data.code
    this.refusal = data.refusal
  }
}

const METHODS: Readonly<Record<Procedure, string>> = {
  hello: 'query',
  status: 'query',
  statusChanges: 'subscription',
  openSnapshot: 'mutation',
  readSnapshot: 'query',
  closeSnapshot: 'mutation',
  diff: 'query',
  samples: 'subscription',
  metrics: 'query',
  writes: 'query',
  stagePlan: 'mutation',
  applyPlan: 'mutation',
  rollback: 'mutation',
  confirm: 'mutation',
}

/** A client of an agent that speaks its protocol by hand, so that tests see every message and can send wrong ones. */
export class Client implements AsyncDisposable {
  readonly socket: WebSocket
  /** Resolves with what the agent ended the connection with. */
  readonly closed: Promise<{readonly code: number; readonly reason: string}>
  private readonly waiting = new Map<number, (message: Message) => void>()
  private readonly events = new Map<number, unknown[]>()
  private wake: (() => void) | undefined
  // No malformed message of a test has one of these by chance, so that its answer is not taken for that to a question.
  private lastId = 1_000_000

  /** Over TLS, at the unix socket for clients. */
  static open(path: string, token?: string): Promise<Client> {
    const headers = token === undefined ? {} : {authorization: `Bearer ${token}`}
    return Client.over('wss://npm-agent/', {headers, createConnection: () => connectTls(path)})
  }

  /** At the unix socket for root. */
  static openAsRoot(path: string): Promise<Client> {
    return Client.over(`ws+unix://${path}:/`)
  }

  private static async over(url: string, options: ClientOptions = {}): Promise<Client> {
    const client = new Client(new WebSocket(url, {...options, perMessageDeflate: false}))
    await once(client.socket, 'open')
    return client
  }

  constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise(resolve => socket.once('close', (code, reason) => resolve({code, reason: reason.toString()})))
    socket.on('message', data => this.receive((data as Buffer).toString()))
    socket.on('error', () => {})
  }

  /** @throws AgentRefusal */
  async ask<Answer = unknown>(path: Procedure, input?: unknown): Promise<Answer> {
    const id = ++this.lastId
    const answer = new Promise<Message>(resolve => this.waiting.set(id, resolve))
    this.socket.send(JSON.stringify({id, method: METHODS[path] ?? 'query', params: {path, input}}))
    const message = await Promise.race([answer, this.closed.then(({code, reason}) => new Error(`closed: ${code} ${reason}`))])
    if (message instanceof Error) throw message
    if (message.error) throw new AgentRefusal(message.error)
    return message.result?.data as Answer
  }

  /** @returns the events so far, to be looked at again after `someEvent` */
  subscribe(path: Procedure, input?: unknown): {readonly events: readonly unknown[]; readonly id: number} {
    const id = ++this.lastId
    const events: unknown[] = []
    this.events.set(id, events)
    this.socket.send(JSON.stringify({id, method: 'subscription', params: {path, input}}))
    return {events, id}
  }

  /** Resolves with the next event, or error, of any subscription. */
  someEvent(): Promise<void> {
    return new Promise(resolve => {
      this.wake = resolve
    })
  }

  /** Opens a snapshot, reads the documents to their ends and closes it. */
  async read(...documents: NodeDocument[]): Promise<Record<string, {text: string; problems: readonly Problem[]}>> {
    const snapshot = await this.ask<Snapshot>('openSnapshot', {documents})
    const texts = await Promise.all(
      snapshot.documents.map(async name => [name, await this.readDocument(snapshot.id, name as NodeDocument)] as const),
    )
    await this.ask('closeSnapshot', {id: snapshot.id})
    return Object.fromEntries(texts)
  }

  async readDocument(id: string, document: NodeDocument): Promise<{text: string; problems: readonly Problem[]}> {
    const pieces: Buffer[] = []
    for (let offset = 0; ; ) {
      const {base64, end, problems} = await this.ask<SnapshotPiece>('readSnapshot', {id, document, offset})
      pieces.push(Buffer.from(base64, 'base64'))
      offset += pieces.at(-1)?.length ?? 0
      if (end) return {text: gunzipSync(Buffer.concat(pieces)).toString(), problems}
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate()
    await this.closed
  }

  private receive(text: string): void {
    if (text === 'PING') return this.socket.send('PONG')
    if (text === 'PONG') return
    const message = JSON.parse(text) as Message
    if (message.id === null) return
    const events = this.events.get(message.id)
    if (!events) {
      this.waiting.get(message.id)?.(message)
      this.waiting.delete(message.id)
    } else if (message.error) events.push(new AgentRefusal(message.error))
    else if (message.result?.type === 'data') events.push(message.result.data)
    else return
    this.wake?.()
  }
}
