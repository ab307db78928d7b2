import {setTimeout as sleep} from 'node:timers/promises'
import {z} from 'zod'
import {failureOf, HnsFailure} from './failure.ts'
import {functionName, type HnsAnswer, type HnsFunctions, type HnsHandle, type HnsObject} from './functions.ts'
import type {Hns, HnsOperation, HnsVersion, ReadEndpoints, ReadObjects} from './hns.ts'
import type {HnsOutcome} from './hresults.ts'

export interface OpenHnsOptions {
  /** How long a call may take. */
  readonly callMs: number
  /** Pauses before a call is made again that HNS has not taken. */
  readonly pausesMs?: readonly number[]
}

/** A service that starts again needs a few seconds. */
const PAUSES_MS = [200, 500, 1500, 3000]

/** States of endpoints that a pod is attached to. Source: `HcnEndpointState`. */
const ATTACHED = 2
const ATTACHED_SHARING = 3

/** The whole form of a query: what shorter ones do is not documented. Flags 0 gives all policies. */
const query = (filter?: object): string =>
  JSON.stringify({SchemaVersion: {Major: 2, Minor: 0}, Flags: 0, ...(filter && {Filter: JSON.stringify(filter)})})

const ALL = query()
const guids = z.array(z.string())
const versionAnswer = z.looseObject({
  Success: z.boolean(),
  Error: z.string().optional(),
  Output: z.looseObject({Major: z.number(), Minor: z.number()}).optional(),
})

/** HNS as its functions give it. Calls go one after the other, as HNS does them. */
export function openHns(functions: HnsFunctions, {callMs, pausesMs = PAUSES_MS}: OpenHnsOptions): Hns {
  const calls = new Calls(callMs)

  /** Makes a call, again while it fails with one of some outcomes. @throws HnsFailure */
  async function asked<Answer extends HnsAnswer>(
    name: string,
    call: () => Promise<Answer>,
    again: readonly HnsOutcome[],
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    for (const pauseMs of [...pausesMs, undefined]) {
      const answer = await calls.make(name, call, signal)
      const failure = failureOf(name, answer)
      if (!failure) return answer
      if (pauseMs === undefined || !again.includes(failure.outcome)) throw failure
      await sleep(pauseMs, undefined, signal && {signal}).catch(() => {
        throw failure
      })
    }
    throw new Error('unreachable')
  }

  /** Opens an object for one thing, and closes it whatever comes of it: a handle that is kept gets into the way of the CNI. */
  async function withObject<Result>(
    object: HnsObject,
    id: string,
    again: readonly HnsOutcome[],
    signal: AbortSignal | undefined,
    work: (handle: HnsHandle) => Promise<Result>,
  ): Promise<Result> {
    const name = `${functionName('open', object)} ${id}`
    // What it answers changes nothing: the object may be gone.
    const close = async (handle: HnsHandle) => void (await functions.close(object, handle).catch(() => undefined))
    let isLeft = false
    const open = async () => {
      const opened = await functions.open(object, id)
      if (isLeft && opened.handle !== undefined) await close(opened.handle)
      return opened
    }
    const {handle} = await asked(name, open, again, signal).catch((error: unknown) => {
      isLeft = true
      throw error
    })
    if (handle === undefined) throw new HnsFailure({call: name, text: 'it gave no handle'})
    try {
      return await work(handle)
    } finally {
      // Behind a call that HNS has not answered yet, as all others.
      const closing = calls.make(functionName('close', object), () => close(handle)).catch(() => undefined)
      if (calls.isFree) await closing
    }
  }

  async function list(object: HnsObject, asking: string, signal: AbortSignal): Promise<string[]> {
    const name = functionName('enumerate', object)
    const {result} = await asked(name, () => functions.enumerate(object, asking), READS_AGAIN, signal)
    return parsed(name, guids, result)
  }

  async function readOne(object: HnsObject, id: string, again: readonly HnsOutcome[], signal: AbortSignal): Promise<string> {
    return withObject(object, id, again, signal, async handle => {
      const name = `${functionName('query', object)} ${id}`
      const {result} = await asked(name, () => functions.query(object, handle, ALL), again, signal)
      parsed(name, z.looseObject({}), result)
      return result as string
    })
  }

  /** The objects with some ids, without those that have vanished. What is wrong with one does not keep the others. */
  async function readAll(object: HnsObject, ids: readonly string[], signal: AbortSignal): Promise<ReadObjects> {
    const documents: string[] = []
    const unread: string[] = []
    const failures: HnsFailure[] = []
    for (const [at, id] of ids.entries()) {
      try {
        // One that is degraded is waited for, and not each of many.
        documents.push(await readOne(object, id, failures.length === 0 ? READS_AGAIN : [], signal))
      } catch (error) {
        const failure = asFailure(error)
        if (failure.outcome === 'gone') continue
        failures.push(failure)
        // Each of the others would wait as long.
        const isEnd = failure.outcome === 'away' || failure.hresult === undefined
        unread.push(...ids.slice(at, isEnd ? undefined : at + 1))
        if (isEnd) break
      }
    }
    return {documents, unread, failures}
  }

  async function version(signal: AbortSignal): Promise<HnsVersion | undefined> {
    try {
      const {result} = await asked('HNSCall', () => functions.call('GET', '/globals/version', ''), [], signal)
      const {Output} = parsed('HNSCall', versionAnswer, result)
      return Output && {major: Output.Major, minor: Output.Minor}
    } catch {
      // Nothing rests on it.
      return undefined
    }
  }

  return {
    way: functions.way,
    version,
    async networks(signal): Promise<ReadObjects> {
      try {
        return await readAll('network', await list('network', ALL, signal), signal)
      } catch (error) {
        return {documents: [], unread: [], failures: [asFailure(error)]}
      }
    },
    async endpoints(signal): Promise<ReadEndpoints> {
      let ids: {all: string[]; attached: string[]; attachedSharing: string[]}
      try {
        // In this order: one that is attached meanwhile is read, and known as attached.
        const all = await list('endpoint', ALL, signal)
        const attached = await list('endpoint', query({State: ATTACHED}), signal)
        const attachedSharing = await list('endpoint', query({State: ATTACHED_SHARING}), signal)
        ids = {all: distinctIds([...all, ...attached, ...attachedSharing]), attached, attachedSharing}
      } catch (error) {
        return {documents: [], unread: [], attached: [], attachedSharing: [], failures: [asFailure(error)]}
      }
      const {attached, attachedSharing} = ids
      return {...(await readAll('endpoint', ids.all, signal)), attached, attachedSharing}
    },
    endpoint: (id, signal = new AbortController().signal) => readOne('endpoint', id, READS_AGAIN, signal),
    async modify({object, id, request}: HnsOperation, signal): Promise<void> {
      await withObject(object, id, WRITES_AGAIN, signal, async handle => {
        const name = `${functionName('modify', object)} ${id}`
        await asked(name, () => functions.modify(object, handle, JSON.stringify(request)), WRITES_AGAIN, signal)
      })
    },
  }
}

const READS_AGAIN = ['away', 'uncertain'] as const
/** A request that may have been done is not sent again: rules would be there twice. */
const WRITES_AGAIN = ['away'] as const

function distinctIds(ids: readonly string[]): string[] {
  const known = new Map<string, string>()
  for (const id of ids) if (!known.has(id.toLowerCase())) known.set(id.toLowerCase(), id)
  return [...known.values()]
}

/** @throws HnsFailure when it is not such JSON */
function parsed<Value>(call: string, schema: z.ZodType<Value>, text: string | undefined): Value {
  try {
    return schema.parse(JSON.parse(text ?? ''))
  } catch {
    throw new HnsFailure({
      call,
      text: `the answer cannot be read: ${(text ?? '').slice(0, 80) || 'it is empty'}`,
      next: 'Please report it with the version of Windows.',
    })
  }
}

const asFailure = (error: unknown): HnsFailure => {
  if (error instanceof HnsFailure) return error
  throw error
}

/** One call at a time. One that HNS does not answer holds up all others: they say so. */
class Calls {
  private readonly callMs: number
  private last: Promise<unknown> = Promise.resolve()
  /** The call that has not been answered in its time. */
  private held: string | undefined

  constructor(callMs: number) {
    this.callMs = callMs
  }

  /** Whether no call waits for an answer that is late. */
  get isFree(): boolean {
    return this.held === undefined
  }

  /** @throws HnsFailure when it is interrupted, or not answered in time */
  async make<Answer>(name: string, call: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    const before = this.last
    const own = Promise.withResolvers<void>()
    this.last = before.then(() => own.promise)
    const stopped = Promise.withResolvers<HnsFailure>()
    const interrupt = () => stopped.resolve(interrupted(name))
    const deadline = setTimeout(() => stopped.resolve(this.late(name)), this.callMs)
    signal?.addEventListener('abort', interrupt, {once: true})
    if (signal?.aborted) interrupt()
    try {
      const early = await Promise.race([before, stopped.promise])
      if (early instanceof HnsFailure) {
        own.resolve()
        throw early
      }
      const answer = call()
      // It goes on in HNS, and others wait for its end.
      const over = () => {
        if (this.held === name) this.held = undefined
        own.resolve()
      }
      answer.then(over, over)
      const given = await Promise.race([answer, stopped.promise])
      if (!(given instanceof HnsFailure)) return given
      this.held ??= name
      throw given
    } finally {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', interrupt)
    }
  }

  private late(name: string): HnsFailure {
    const seconds = this.callMs / 1000
    const text = this.held === undefined ? `HNS did not answer within ${seconds} s` : `${this.held} has not been answered yet`
    return new HnsFailure({
      call: name,
      text,
      outcome: 'uncertain',
      next: 'See how the service is: Get-Service hns. The node may need a restart.',
    })
  }
}

const interrupted = (call: string): HnsFailure =>
  new HnsFailure({call, text: 'it was interrupted', outcome: 'uncertain', next: 'Run the command again.'})
