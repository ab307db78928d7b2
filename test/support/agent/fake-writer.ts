import type {ApplyOptions, ConfirmOptions, RollbackOptions, WriteCaller, Writer} from '../../../agent/write/writer.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {NODE} from './fake-reviews.ts'

/** How a write ended. */
const writeResult = (changes: Partial<WriteResult> = {}): WriteResult => ({
  apiVersion: 'kubectl-npm/v1',
  kind: 'WriteResult',
  node: NODE,
  id: '20261130T090000Z-1',
  verb: 'apply',
  outcome: 'applied',
  state: 'after',
  operations: 3,
  durationMs: 12,
  problems: [],
  ...changes,
})

/** Writes nothing, and keeps what it was asked. */
export class FakeWriter implements Writer {
  readonly calls: (readonly [verb: string, options?: object])[] = []
  now: WriteStatus = {restorePoints: []}
  /** Awaited by every write: a test holds them here. */
  gate: Promise<unknown> = Promise.resolve()
  /** Awaited by the recovery. */
  recovering: Promise<WriteResult | undefined> = Promise.resolve(undefined)
  /** What the next writes give. */
  outcome: Partial<WriteResult> = {}
  stopped = false

  async apply({digest}: Plan, options: ApplyOptions): Promise<WriteResult> {
    return this.write('apply', {planDigest: digest, ...options}, {planDigest: digest})
  }

  async rollback(options: RollbackOptions): Promise<WriteResult> {
    return this.write('rollback', options)
  }

  async confirm(options: ConfirmOptions): Promise<WriteResult> {
    return this.write('confirm', options)
  }

  async status(): Promise<WriteStatus> {
    return this.now
  }

  async recover(): Promise<WriteResult | undefined> {
    this.calls.push(['recover'])
    return this.recovering
  }

  async settled(): Promise<WriteResult> {
    await this.gate
    return writeResult({outcome: 'confirmed'})
  }

  stop(): void {
    this.stopped = true
  }

  private async write(
    verb: WriteResult['verb'],
    options: WriteCaller & {readonly planDigest?: string},
    facts: Partial<WriteResult> = {},
  ): Promise<WriteResult> {
    const {signal, ...told} = options
    signal?.throwIfAborted()
    this.calls.push([`${verb} begins`, told])
    await this.gate
    this.calls.push([`${verb} ends`])
    return writeResult({verb, ...facts, ...this.outcome})
  }
}
