import type {SetEntry} from '../../core/contract/common.ts'
import type {Drift} from '../../core/contract/drift.ts'
import type {LiveEvent} from '../../core/contract/live.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {LocalCounters} from '../services.ts'
import {type EventQueue, eventsOf} from './event-queue.ts'
import {LiveDump} from './live-dump.ts'
import type {LiveRequest, LiveSource} from './live-source.ts'
import {NodeSnapshots} from './node-snapshots.ts'
import {CurrentRequest} from './request.ts'
import {setOf} from './set-of.ts'

/** How long until a node that could not be read is read again. */
const AGAIN_MS = 2000

/** This machine, read as its agent reads it, without one. */
export class LiveLocal implements LiveSource {
  readonly kind = 'local'
  private readonly counters: LocalCounters
  private readonly read: (signal: AbortSignal) => Promise<NodeState>
  private readonly asked: CurrentRequest

  /** @param read the rules and sets of this machine, with the cluster's objects where they are known */
  constructor(counters: LocalCounters, read: (signal: AbortSignal) => Promise<NodeState>, request: LiveRequest) {
    this.counters = counters
    this.read = read
    this.asked = new CurrentRequest(request)
  }

  request(request: LiveRequest): void {
    this.asked.set(request)
  }

  events(signal: AbortSignal, onFound?: (nodes: readonly string[]) => void): AsyncGenerator<LiveEvent> {
    onFound?.([this.counters.node])
    return eventsOf(signal, (queue, watching) => this.watch(queue, watching))
  }

  async members(_node: string, set: string, signal: AbortSignal): Promise<SetEntry | undefined> {
    return setOf(await this.read(signal), set)
  }

  async differences(node: string, signal: AbortSignal): Promise<Drift> {
    const state = await this.read(signal)
    return new LiveDump([state], [], new Date().toISOString()).differences(node)
  }

  private async watch(queue: EventQueue, signal: AbortSignal): Promise<void> {
    const {node} = this.counters
    let told = ''
    const failed = (error: unknown) => {
      const {message, next} = wordsOf(error)
      if (signal.aborted || message === told) return
      told = message
      queue.push({apiVersion: API_VERSION, kind: 'LiveFailure', node, at: new Date().toISOString(), message, next})
    }
    const snapshots = new NodeSnapshots(
      node,
      () => this.read(signal),
      live => queue.push(live),
      failed,
    )
    while (!signal.aborted) {
      const {input, changed} = this.asked.of(node)
      try {
        for await (const wire of this.counters.samples(input, AbortSignal.any([signal, changed]))) {
          told = ''
          queue.push({apiVersion: API_VERSION, kind: 'LiveSample', node, ...wire})
          snapshots.look(wire)
        }
      } catch (error) {
        failed(error)
        await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
      }
    }
  }
}

function wordsOf(error: unknown): {readonly message: string; readonly next: string} {
  const next = 'It is tried again every two seconds.'
  if (error instanceof InputError) return {message: error.message, next: error.next}
  return {message: error instanceof Error ? error.message : String(error), next}
}
