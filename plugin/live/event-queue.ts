import type {LiveEvent} from '../../core/contract/live.ts'
import {mergeSamples} from '../../core/live/merge-samples.ts'

/** Documents that wait to be taken: of each node the newest sample, and the newest of any other kind. */
export class EventQueue implements AsyncIterable<LiveEvent> {
  private readonly signal: AbortSignal
  private waiting: LiveEvent[] = []
  private wake: (() => void) | undefined
  private over: {readonly error?: unknown} | undefined

  constructor(signal: AbortSignal) {
    this.signal = signal
    signal.addEventListener('abort', () => this.wake?.(), {once: true})
  }

  push(event: LiveEvent): void {
    const at = this.waiting.findIndex(({node, kind}) => node === event.node && kind === event.kind)
    const before = this.waiting[at]
    if (before) this.waiting.splice(at, 1)
    this.waiting.push(before?.kind === 'LiveSample' && event.kind === 'LiveSample' ? mergeSamples(before, event) : event)
    this.wake?.()
  }

  /** @param failure what ended the stream, if anything went wrong */
  end(failure?: {readonly error: unknown}): void {
    this.over ??= failure ?? {}
    this.wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LiveEvent> {
    while (!this.signal.aborted) {
      const {waiting} = this
      this.waiting = []
      yield* waiting
      if (this.waiting.length > 0 || this.signal.aborted) continue
      if (this.over && 'error' in this.over) throw this.over.error
      if (this.over) return
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
      this.wake = undefined
    }
  }
}

/**
 * The events that something produces, until it ends or somebody stops listening. It is waited for until it has ended.
 *
 * @param produce puts events into the queue until the signal aborts; what it throws ends the stream, too
 */
export async function* eventsOf(
  given: AbortSignal,
  produce: (queue: EventQueue, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<LiveEvent> {
  const left = new AbortController()
  const signal = AbortSignal.any([given, left.signal])
  const queue = new EventQueue(signal)
  const producing = produce(queue, signal).catch((error: unknown) => queue.end({error}))
  try {
    yield* queue
  } finally {
    left.abort()
    await producing
  }
}
