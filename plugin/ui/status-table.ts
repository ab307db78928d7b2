import type {AgentStatus} from '../../core/contract/agent.ts'
import type {StatusNews} from '../agents/follow-status.ts'

/** What is known of one node at the moment. */
export interface NodeState {
  readonly node: string
  readonly status?: AgentStatus
  readonly failure?: {readonly message: string; readonly next: string}
  /** Changes that nobody has seen since the state was last taken. */
  readonly skipped: number
}

/** The newest state of each node. It never grows with the number of changes: who looks seldom misses some. */
export class StatusTable {
  private readonly states = new Map<string, NodeState>()
  private readonly unseen = new Set<string>()

  take(node: string, news: StatusNews): void {
    const skipped = this.unseen.has(node) ? (this.states.get(node)?.skipped ?? 0) + 1 : 0
    this.unseen.add(node)
    if ('status' in news) this.states.set(node, {node, status: news.status, skipped: skipped + news.skipped})
    else this.states.set(node, {node, failure: {message: news.error.message, next: news.error.next}, skipped})
  }

  get hasChanges(): boolean {
    return this.unseen.size > 0
  }

  /** Those that have changed since it was last asked, by name. */
  takeChanges(): NodeState[] {
    const changed = this.all().filter(({node}) => this.unseen.has(node))
    this.unseen.clear()
    return changed
  }

  /** By name of the node. */
  all(): NodeState[] {
    return [...this.states.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1))
  }

  /** Whether every agent that was found answers and follows the cluster. */
  get isWell(): boolean {
    return this.states.size > 0 && this.all().every(({status}) => status?.knowledge.state === 'live')
  }
}
