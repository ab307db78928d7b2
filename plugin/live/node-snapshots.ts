import {createHash} from 'node:crypto'
import type {LiveNode, LiveSample} from '../../core/contract/live.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'

/** At most each few seconds: while Azure NPM writes, rules change several times a second. */
const PAUSE_MS = 3000
/** Pods come and go without a change of rules. */
const OLD_MS = 60_000
/** While rules change, reading and naming a node may take a twentieth of the time; while they do not, a hundredth. */
const SHARE = 20
const QUIET_SHARE = 100

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The rules of a node in words, read again when samples show that they have changed. */
export class NodeSnapshots {
  private readonly node: string
  private readonly read: () => Promise<NodeState>
  private readonly onRead: (live: LiveNode) => void
  private readonly onFailure: (error: unknown) => void
  private known: LiveNode | undefined
  private sets: ReadonlySet<string> = new Set()
  private isReading = false
  private startedMs = -Infinity
  private tookMs = 0
  private nextMs = -Infinity

  constructor(
    node: string,
    read: () => Promise<NodeState>,
    onRead: (live: LiveNode) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.node = node
    this.read = read
    this.onRead = onRead
    this.onFailure = onFailure
  }

  /** Looks at a sample with counts, and reads the node when what is known is not what it counts. */
  look({structure, counts}: Pick<LiveSample, 'structure' | 'counts'>): void {
    const now = performance.now()
    if (this.isReading || !counts || now < this.nextMs) return
    const isOld = now - this.startedMs > Math.max(OLD_MS, this.tookMs * QUIET_SHARE)
    const hasNewSets = counts.sets.some(([set]) => !this.sets.has(set))
    if (this.known?.structure === structure && !isOld && !hasNewSets) return
    this.isReading = true
    void this.readNode()
  }

  private async readNode(): Promise<void> {
    this.startedMs = performance.now()
    try {
      const [{liveNode}, state] = await Promise.all([import('../../core/live/live-node.ts'), this.read()])
      const live = liveNode(state.with({node: this.node}), {at: state.takenAt ?? new Date().toISOString(), sha256})
      this.known = live
      this.sets = new Set(live.sets.map(({set}) => set))
      this.onRead(live)
    } catch (error) {
      this.onFailure(error)
    } finally {
      const endMs = performance.now()
      this.tookMs = endMs - this.startedMs
      this.nextMs = endMs + Math.max(PAUSE_MS, this.tookMs * SHARE)
      this.isReading = false
    }
  }
}
