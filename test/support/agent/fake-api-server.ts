import {once} from 'node:events'
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import type {ApiServer} from '../../../agent/kubernetes/api-server.ts'
import {connect} from '../../../agent/kubernetes/open-api-server.ts'

/** An object as the API has it. Fields besides these are noise that an agent has to leave out. */
export interface Stored {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly resourceVersion?: string
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly path: string
  readonly version: number
  readonly object: Stored
  readonly before?: Stored
}

interface Watch {
  readonly path: string
  readonly selector: Selector
  readonly response: ServerResponse
}

type Selector = (object: Stored) => boolean

export interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  readonly isWatch: boolean
}

/** Answers one request in place of the server. `answer` is what the server itself would do. */
export type Fault = (response: ServerResponse, answer: () => void, asked: Asked) => void

export const paths = {
  pods: '/api/v1/pods',
  namespaces: '/api/v1/namespaces',
  policies: '/apis/networking.k8s.io/v1/networkpolicies',
  nodes: '/api/v1/nodes',
} as const

const keyOf = ({metadata}: Stored): string => `${metadata.namespace ?? ''}/${metadata.name}`

/**
 * Lists and watches as kube-apiserver answers them: pages of one version, events from a version on, bookmarks, 410 for
 * versions that were compacted, field selectors whose watches see objects come and go. Faults are scripted.
 */
export class FakeApiServer {
  readonly asked: Asked[] = []
  private readonly server: Server
  private readonly objects = new Map<string, Map<string, Stored>>(Object.values(paths).map(path => [path, new Map()]))
  private readonly pages = new Map<string, {items: Stored[]; version: number}>()
  private readonly watches = new Set<Watch>()
  private readonly faults: {matches: (asked: Asked) => boolean; fault: Fault}[] = []
  private events: Event[] = []
  private version = 1000
  private compactedTo = 0
  private lastToken = 0

  private constructor() {
    this.server = createServer((request, response) => this.serve(request, response))
    this.put(paths.namespaces, {metadata: {name: 'kube-system', uid: 'first-cluster'}})
  }

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer()
    await fake.listen(0)
    return fake
  }

  private async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1')
    await once(this.server, 'listening')
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** A client of this server. */
  async api(): Promise<ApiServer> {
    const server = new URL(`http://127.0.0.1:${this.port}`)
    return connect(async () => ({server, tls: {}}))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway()
  }

  /** @returns what brings it back on the same port */
  async goAway(): Promise<() => Promise<void>> {
    const {port} = this.server.listening ? this : {port: 0}
    if (this.server.listening) {
      this.server.close()
      this.server.closeAllConnections()
      this.watches.clear()
      await once(this.server, 'close')
    }
    return () => this.listen(port)
  }

  put(path: string, object: Stored): void {
    const all = this.all(path)
    const before = all.get(keyOf(object))
    this.version++
    const stored = {...object, metadata: {...object.metadata, resourceVersion: String(this.version)}}
    all.set(keyOf(object), stored)
    this.happened({type: before ? 'MODIFIED' : 'ADDED', path, version: this.version, object: stored, ...(before && {before})})
  }

  delete(path: string, object: Stored): void {
    const before = this.all(path).get(keyOf(object))
    if (!before) return
    this.version++
    this.all(path).delete(keyOf(object))
    const last = {...before, metadata: {...before.metadata, resourceVersion: String(this.version)}}
    this.happened({type: 'DELETED', path, version: this.version, object: last, before})
  }

  /** Forgets events as etcd does every few minutes: who watches or pages from before gets 410. */
  compact(): void {
    this.events = []
    this.compactedTo = this.version
    this.pages.clear()
  }

  /** Another etcd: empty, with versions that start over. Watches are cut, as the server is started anew. */
  newEtcd(startAt = 1, uid = 'second-cluster'): void {
    for (const all of this.objects.values()) all.clear()
    this.events = []
    this.compactedTo = 0
    this.pages.clear()
    this.version = startAt
    this.put(paths.namespaces, {metadata: {name: 'kube-system', uid}})
    this.cut()
  }

  /** Breaks all open watches, after so many characters of what would come next. */
  cut(half = ''): void {
    for (const {response} of this.watches) {
      if (half === '') response.destroy()
      else response.write(half, () => response.destroy())
    }
    this.watches.clear()
  }

  /** Ends all open watches as their time-out would. */
  endWatches(): void {
    for (const {response} of this.watches) response.end()
    this.watches.clear()
  }

  bookmark(): void {
    for (const {response} of this.watches) response.write(line('BOOKMARK', {metadata: {resourceVersion: String(this.version)}}))
  }

  /** Writes to all open watches of a path. */
  say(path: string, text: string): void {
    for (const watch of this.watches) if (watch.path === path) watch.response.write(text)
  }

  /** How many watches are open, of all paths or of one. */
  watching(path?: string): number {
    return [...this.watches].filter(watch => path === undefined || watch.path === path).length
  }

  /** The next request that matches is answered by the fault. */
  next(matches: (asked: Asked) => boolean, fault: Fault): void {
    this.faults.push({matches, fault})
  }

  /** How many scripted faults did not happen yet. */
  get faultsLeft(): number {
    return this.faults.length
  }

  stored(path: string): Stored[] {
    return [...this.all(path).values()]
  }

  private all(path: string): Map<string, Stored> {
    return this.objects.get(path) as Map<string, Stored>
  }

  private happened(event: Event): void {
    this.events.push(event)
    for (const watch of this.watches) sendEvent(watch, event)
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://fake')
    const asked = {path: url.pathname, query: url.searchParams, isWatch: url.searchParams.get('watch') === 'true'}
    this.asked.push(asked)
    const answer = () => (asked.isWatch ? this.watch(asked, response) : this.list(asked, response))
    const index = this.faults.findIndex(each => each.matches(asked))
    const [found] = index < 0 ? [] : this.faults.splice(index, 1)
    if (found) found.fault(response, answer, asked)
    else answer()
  }

  private list({path, query}: Asked, response: ServerResponse): void {
    const token = query.get('continue')
    const rest =
      token === null ? {items: this.stored(path).filter(selectorOf(query)), version: this.version} : this.pages.get(token)
    if (!rest) return refuse(response, 410, 'The provided continue parameter is too old', 'Expired')
    const limit = Number(query.get('limit') ?? rest.items.length)
    const items = rest.items.slice(0, limit)
    const left = rest.items.slice(limit)
    let next: string | undefined
    if (left.length > 0) {
      next = `token-${++this.lastToken}`
      this.pages.set(next, {items: left, version: rest.version})
    }
    const metadata = {resourceVersion: String(rest.version), ...(next !== undefined && {continue: next})}
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({kind: 'SomeList', apiVersion: 'v1', metadata, items}))
  }

  private watch({path, query}: Asked, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'))
    if (from < this.compactedTo) return refuse(response, 410, 'too old resource version', 'Expired')
    const watch = {path, selector: selectorOf(query), response}
    response.setHeader('Content-Type', 'application/json')
    response.flushHeaders()
    for (const event of this.events) if (event.version > from) sendEvent(watch, event)
    this.watches.add(watch)
    response.on('close', () => this.watches.delete(watch))
  }
}

export const line = (type: string, object: unknown): string => `${JSON.stringify({type, object})}\n`

export function refuse(response: ServerResponse, code: number, message: string, reason = 'Unknown'): void {
  response.statusCode = code
  response.end(JSON.stringify({kind: 'Status', status: 'Failure', message, reason, code}))
}

/** A watch with a selector sees an object come when it begins to match, and go when it ends to. */
function sendEvent({path, selector, response}: Watch, {type, path: of, object, before}: Event): void {
  if (path !== of) return
  const was = before !== undefined && selector(before)
  const is = type !== 'DELETED' && selector(object)
  if (is) response.write(line(was ? 'MODIFIED' : 'ADDED', object))
  else if (was) response.write(line('DELETED', object))
}

function selectorOf(query: URLSearchParams): Selector {
  const terms = (query.get('fieldSelector') ?? '').split(',').filter(term => term !== '')
  return object =>
    terms.every(term => {
      const [, field = '', operator, value] = /^(.+?)(!?=)(.*)$/.exec(term) ?? []
      const found = field
        .split('.')
        .reduce<unknown>((each, name) => (each as Record<string, unknown> | undefined)?.[name], object)
      return operator === '=' ? found === value : found !== value
    })
}
