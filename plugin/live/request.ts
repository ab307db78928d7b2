import type {SamplesInput} from '../../core/contract/live.ts'
import type {LiveRequest} from './live-source.ts'

/** What is asked of nodes now, and a signal that is aborted when that changes. */
export class CurrentRequest {
  private request: LiveRequest
  private readonly changes = new Map<string, {readonly input: SamplesInput; readonly changed: AbortController}>()

  constructor(request: LiveRequest) {
    this.request = request
  }

  set(request: LiveRequest): void {
    this.request = request
    for (const [node, {input, changed}] of this.changes) {
      const now = this.inputOf(node)
      if (now.detail !== input.detail || now.intervalMs !== input.intervalMs) changed.abort()
    }
  }

  /** What is asked of a node, until the signal is aborted. */
  of(node: string): {readonly input: SamplesInput; readonly changed: AbortSignal} {
    const changed = new AbortController()
    const input = this.inputOf(node)
    this.changes.set(node, {input, changed})
    return {input, changed: changed.signal}
  }

  private inputOf(node: string): SamplesInput {
    const {intervalMs, rulesOf} = this.request
    return {intervalMs, detail: rulesOf === 'all' || rulesOf.has(node) ? 'rules' : 'summary'}
  }
}
