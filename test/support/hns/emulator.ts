import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import type {HnsAnswer, HnsFunctions, HnsHandle, HnsObject, HnsOpened} from '../../../agent/hns/functions.ts'
import {codes, errorRecord, HnsFault} from './fault.ts'
import {modifyEndpoint, modifyNetwork, readRequest} from './modify.ts'
import {type HnsSettings, strict} from './settings.ts'
import {shapeV1} from './shape-v1.ts'
import {type EmulatedDocument, type EmulatedEndpoint, type HnsState, type MadeEndpoint, madeEndpoint} from './state.ts'

export type HnsVerb = 'enumerate' | 'open' | 'query' | 'modify' | 'close' | 'call'

/** A call as it was made. */
export interface LoggedCall {
  readonly verb: HnsVerb
  readonly object?: HnsObject
  /** The GUID of the object. */
  readonly id?: string
  /** The query or the request. */
  readonly text?: string
  readonly hresult: number
}

/** A call that fails. */
export interface ScriptedFailure {
  readonly verb: HnsVerb
  readonly object?: HnsObject
  /** Of the calls that fit, which one fails, from 1. 1 when it is absent. */
  readonly nth?: number
  readonly code: number
  /** How many policies of a modify request are done before it fails. All of them are when it is Infinity. */
  readonly done?: number
  /** The HRESULT says that all is well, and the error is in the record only. */
  readonly isInRecordOnly?: true
  /** There is no record, as when the service is not there. */
  readonly hasNoRecord?: true
}

const queryText = z.strictObject({
  SchemaVersion: z.strictObject({Major: z.number(), Minor: z.number()}),
  Flags: z.number().optional(),
  Filter: z.string().optional(),
})

interface OpenObject {
  readonly object: HnsObject
  readonly id: string
  isClosed: boolean
  isUnloaded: boolean
}

/** HNS of a node, as far as Azure NPM has to do with it. It keeps state, and refuses what HNS is known or believed to refuse. */
export class HnsEmulator implements HnsFunctions {
  readonly way = 'the emulator'
  readonly state: HnsState
  settings: HnsSettings
  /** The service as a whole. */
  service: 'running' | 'stopping' | 'unreachable' | 'notStarted' | 'silent' = 'running'
  isAccessDenied = false
  latencyMs = 0
  readonly calls: LoggedCall[] = []
  /** Called before each call, with the verb and the GUID: what others do to the node meanwhile. */
  before: ((verb: HnsVerb, object: HnsObject | undefined, id: string | undefined) => void) | undefined
  private readonly failures: (ScriptedFailure & {left: number})[] = []
  private readonly degraded = new Set<string>()
  private readonly handles = new Map<number, OpenObject>()
  private lastHandle = 0
  /** Closes of what is closed, and of what never was open. */
  wrongCloses = 0

  constructor(state: HnsState, settings: HnsSettings = strict) {
    this.state = state
    this.settings = settings
  }

  failAt(failure: ScriptedFailure): void {
    this.failures.push({...failure, left: failure.nth ?? 1})
  }

  /** What happens to a node apart from Azure NPM and its tools. */
  readonly cni = {
    create: (made: MadeEndpoint): void => void this.state.endpoints.push(madeEndpoint({state: 1, ...made})),
    attach: (id: string): void => {
      const endpoint = this.endpoint(id)
      if (endpoint) endpoint.state = 3
    },
    remove: (id: string): void => {
      const at = this.state.endpoints.findIndex(({document}) => sameId(document.ID, id))
      if (at !== -1) this.state.endpoints.splice(at, 1)
      this.unload(id)
    },
    /** Another pod gets the address of one that has ended. */
    reuse: (id: string, newId: string): void => {
      const [first] = (this.endpoint(id)?.document['IpConfigurations'] ?? []) as readonly {IpAddress: string}[]
      this.cni.remove(id)
      this.cni.create({id: newId, address: first?.IpAddress ?? '', state: 3})
    },
    degrade: (id: string): void => void this.degraded.add(id.toLowerCase()),
    repair: (id: string): void => void this.degraded.delete(id.toLowerCase()),
    /** Objects stay, handles do not. */
    restartService: (): void => {
      for (const each of this.handles.values()) each.isUnloaded = true
    },
    reboot: (): void => {
      this.state.networks.length = 0
      this.state.endpoints.length = 0
      this.cni.restartService()
    },
  }

  /** Handles that nobody has closed. */
  get openHandles(): number {
    return [...this.handles.values()].filter(({isClosed}) => !isClosed).length
  }

  endpoint(id: string): EmulatedEndpoint | undefined {
    return this.state.endpoints.find(({document}) => sameId(document.ID, id))
  }

  network(id: string): EmulatedDocument | undefined {
    return this.state.networks.find(({ID}) => sameId(ID, id))
  }

  /** The endpoint that has an address. */
  endpointAt(address: string): EmulatedEndpoint {
    const found = this.state.endpoints.find(({document}) => addressOf(document) === address)
    if (!found) throw new RangeError(`no endpoint has ${address}`)
    return found
  }

  enumerate(object: HnsObject, query: string): Promise<HnsAnswer> {
    return this.answered({verb: 'enumerate', object, text: query}, () => JSON.stringify(this.list(object, query)))
  }

  async open(object: HnsObject, guid: string): Promise<HnsOpened> {
    let handle: number | undefined
    const answer = await this.answered({verb: 'open', object, id: guid}, () => {
      if (!GUID.test(guid)) throw new HnsFault(codes.badGuid)
      this.found(object, guid)
      handle = ++this.lastHandle
      this.handles.set(handle, {object, id: guid, isClosed: false, isUnloaded: false})
      return undefined
    })
    return {...answer, ...(handle !== undefined && {handle})}
  }

  query(object: HnsObject, handle: HnsHandle, query: string): Promise<HnsAnswer> {
    const id = this.idOf(handle)
    return this.answered({verb: 'query', object, id, text: query}, () => {
      const {SchemaVersion} = readQuery(query)
      const document = this.opened(object, handle)
      const state = object === 'endpoint' ? this.endpoint(document.ID)?.state : undefined
      return JSON.stringify(SchemaVersion.Major === 1 ? shapeV1(object, document, state) : document)
    })
  }

  modify(object: HnsObject, handle: HnsHandle, request: string): Promise<HnsAnswer> {
    const id = this.idOf(handle)
    return this.answered({verb: 'modify', object, id, text: request}, done => {
      const document = this.opened(object, handle)
      const read = readRequest(request, this.settings)
      const before = [...document.Policies]
      let number = 0
      const mayGoOn = () => {
        if (number++ >= done.most) throw new HnsFault(done.code)
      }
      try {
        if (object === 'network') modifyNetwork(document, read, this.state, this.settings, mayGoOn)
        else modifyEndpoint(this.found('endpoint', document.ID) as EmulatedEndpoint, read, this.state, this.settings, mayGoOn)
      } catch (error) {
        const isScripted = error instanceof HnsFault && number > done.most
        if (!isScripted && !this.settings.keepsDonePart) document.Policies = before
        throw error
      }
      return undefined
    })
  }

  async close(object: HnsObject, handle: HnsHandle): Promise<HnsAnswer> {
    const opened = this.handles.get(handle as number)
    this.calls.push({verb: 'close', object, ...(opened && {id: opened.id}), hresult: 0})
    if (!opened || opened.isClosed) {
      this.wrongCloses++
      return {hresult: codes.invalidArgument}
    }
    opened.isClosed = true
    return {hresult: 0}
  }

  call(method: string, path: string, _request: string): Promise<HnsAnswer> {
    return this.answered({verb: 'call', text: `${method} ${path}`}, () => {
      const {major, minor} = this.state.version
      if (method === 'GET' && path === '/globals/version')
        return JSON.stringify({Success: true, Output: {Major: major, Minor: minor}})
      return JSON.stringify({Success: false, Error: 'Element not found. '})
    })
  }

  private async answered(
    call: Omit<LoggedCall, 'hresult'>,
    work: (done: {most: number; code: number}) => string | undefined,
  ): Promise<HnsAnswer> {
    const {verb, object, id} = call
    this.before?.(verb, object, id)
    if (this.service === 'silent') await new Promise(() => undefined)
    if (this.latencyMs > 0) await sleep(this.latencyMs)
    const scripted = this.scripted(call)
    const fail = (code: number): HnsAnswer => {
      this.calls.push({...call, hresult: code})
      const record = scripted?.hasNoRecord ? undefined : errorRecord(code, this.settings.language)
      return {hresult: scripted?.isInRecordOnly ? 0 : code, errorRecord: record}
    }
    const away = this.away()
    if (away !== undefined) {
      this.calls.push({...call, hresult: away})
      return {hresult: away}
    }
    try {
      const {done = 0, code = 0} = scripted ?? {done: Infinity}
      if (scripted && (verb !== 'modify' || done === 0)) return fail(code)
      const result = work({most: done, code})
      if (scripted) return fail(scripted.code)
      this.calls.push({...call, hresult: 0})
      return {hresult: 0, result}
    } catch (error) {
      if (error instanceof HnsFault) return fail(error.code)
      throw error
    }
  }

  private away(): number | undefined {
    if (this.service === 'stopping') return codes.stopping
    if (this.service === 'unreachable') return codes.unreachable
    if (this.service === 'notStarted') return codes.notStarted
    return this.isAccessDenied ? codes.accessDenied : undefined
  }

  private scripted({verb, object}: Omit<LoggedCall, 'hresult'>): ScriptedFailure | undefined {
    for (const each of this.failures)
      if (each.verb === verb && (each.object ?? object) === object && each.left > 0 && --each.left === 0) return each
    return undefined
  }

  private list(object: HnsObject, text: string): string[] {
    const {Filter} = readQuery(text)
    const filter = readFilter(Filter)
    if (object === 'network') return this.state.networks.filter(({ID, Name}) => fits(filter, {ID, Name})).map(({ID}) => ID)
    return this.state.endpoints
      .filter(({document, state}) => {
        const network = this.network(document.HostComputeNetwork)
        const values = {VirtualNetwork: document.HostComputeNetwork, VirtualNetworkName: network?.Name}
        return fits(filter, {ID: document.ID, Name: document.Name, State: state, ...values})
      })
      .map(({document}) => document.ID)
  }

  /** @throws HnsFault */
  private found(object: HnsObject, id: string): EmulatedDocument | EmulatedEndpoint {
    const found = object === 'network' ? this.network(id) : this.endpoint(id)
    if (found) return found
    throw new HnsFault(object === 'network' ? codes.networkNotFound : codes.endpointNotFound)
  }

  /** @throws HnsFault */
  private opened(object: HnsObject, handle: HnsHandle): EmulatedDocument {
    const opened = this.handles.get(handle as number)
    if (!opened || opened.isClosed || opened.object !== object) throw new HnsFault(codes.invalidArgument)
    if (opened.isUnloaded) throw new HnsFault(codes.unloaded)
    const found = this.found(object, opened.id)
    if (this.degraded.has(opened.id.toLowerCase())) throw new HnsFault(codes.degraded)
    return 'document' in found && typeof found.document === 'object'
      ? (found as EmulatedEndpoint).document
      : (found as EmulatedDocument)
  }

  private idOf(handle: HnsHandle): string {
    return this.handles.get(handle as number)?.id ?? ''
  }

  private unload(id: string): void {
    for (const each of this.handles.values()) if (sameId(each.id, id)) each.isUnloaded = true
  }
}

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

const sameId = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

const addressOf = (document: EmulatedDocument): string | undefined =>
  (document['IpConfigurations'] as readonly {IpAddress?: string}[] | undefined)?.[0]?.IpAddress

function readQuery(text: string): z.infer<typeof queryText> {
  try {
    return queryText.parse(JSON.parse(text))
  } catch {
    throw new HnsFault(codes.invalidJson)
  }
}

function readFilter(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined || text === '') return {}
  try {
    return z.record(z.string(), z.union([z.string(), z.number()])).parse(JSON.parse(text))
  } catch {
    throw new HnsFault(codes.invalidJson)
  }
}

function fits(filter: Readonly<Record<string, unknown>>, values: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    const value = values[key]
    if (['ID', 'VirtualNetwork'].includes(key)) return sameId(String(value), String(wanted))
    return value === wanted
  })
}
