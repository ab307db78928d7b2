import type {SetEntry} from '../../core/contract/common.ts'
import type {Drift} from '../../core/contract/drift.ts'
import type {LiveEvent} from '../../core/contract/live.ts'
import type {LiveRequest, LiveSource, Opening} from './live-source.ts'

/** A source that is still being opened, so that a screen need not wait for it: a login, kubectl and the API server take their time. */
export class OpeningSource implements LiveSource, AsyncDisposable {
  readonly kind: LiveSource['kind']
  readonly opening: Opening
  private readonly opened: Promise<LiveSource & AsyncDisposable>
  private readonly end = new AbortController()
  private source: LiveSource | undefined
  private asked: LiveRequest | undefined
  private take: (text: string) => void = text => void process.stderr.write(text)

  /** @param open opens it; `say` takes what a login program says. It may throw, and `events` throws that. */
  constructor(
    kind: LiveSource['kind'],
    signal: AbortSignal,
    open: (signal: AbortSignal, say: (text: string) => void) => Promise<LiveSource & AsyncDisposable>,
  ) {
    this.kind = kind
    this.opened = open(AbortSignal.any([signal, this.end.signal]), text => this.take(text))
    const done = this.opened.then(
      source => {
        this.source = source
        if (this.asked) source.request(this.asked)
      },
      () => {},
    )
    this.opening = {
      done,
      onSaid: take => {
        this.take = take
      },
    }
  }

  /** @throws what keeps it from being opened */
  async untilOpen(): Promise<void> {
    await this.opened
  }

  request(request: LiveRequest): void {
    this.asked = request
    this.source?.request(request)
  }

  async *events(signal: AbortSignal, onFound?: (nodes: readonly string[]) => void): AsyncGenerator<LiveEvent> {
    const source = await this.opened
    yield* source.events(signal, onFound)
  }

  async members(node: string, set: string, signal: AbortSignal): Promise<SetEntry | undefined> {
    return (await this.opened).members(node, set, signal)
  }

  async differences(node: string, signal: AbortSignal): Promise<Drift> {
    return (await this.opened).differences(node, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end.abort()
    await this.opened.then(
      source => source[Symbol.asyncDispose](),
      () => {},
    )
  }
}
