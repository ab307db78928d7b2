import type {AgentStatus} from '../../core/contract/agent.ts'
import type {StatusUpdate} from '../agents/follow-status.ts'

/** The newest that is known of one node's agent. */
export interface NodeStatus {
  readonly node: string
  /** Absent while the agent cannot be asked. */
  readonly status?: AgentStatus
  readonly failure?: {readonly message: string; readonly next: string}
  /** Updates since the last `takeChanges` that a newer one replaced. */
  readonly skipped: number
}

/** The newest status of each node. Its size does not depend on the number of updates: a slow reader misses some, and gets their number. */
export class StatusTable {
  private readonly nodes = new Map<string, NodeStatus>()
  private readonly unseen = new Set<string>()

  /** Takes an update of one node in place of what was known of it. */
  update(node: string, update: StatusUpdate): void {
    const skipped = this.unseen.has(node) ? (this.nodes.get(node)?.skipped ?? 0) + 1 : 0
    this.unseen.add(node)
    if ('status' in update) this.nodes.set(node, {node, status: update.status, skipped: skipped + update.skipped})
    else this.nodes.set(node, {node, failure: {message: update.error.message, next: update.error.next}, skipped})
  }

  get hasChanges(): boolean {
    return this.unseen.size > 0
  }

  /** The nodes that were updated since the last call, by name. */
  takeChanges(): NodeStatus[] {
    const changed = this.all().filter(({node}) => this.unseen.has(node))
    this.unseen.clear()
    return changed
  }

  /** All nodes, by name. */
  all(): NodeStatus[] {
    return [...this.nodes.values()].toSorted((a, b) => (a.node < b.node ? -1 : 1))
  }

  /** Whether there is an agent, and every one answers and follows the cluster. */
  get isHealthy(): boolean {
    return this.nodes.size > 0 && this.all().every(({status}) => status?.knowledge.state === 'live')
  }
}
