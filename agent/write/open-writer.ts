import type {DeniedFlow} from '../../core/contract/writes.ts'
import type {NodeState, NodeWriting} from '../../core/dataplane/dataplane.ts'
import type {Log} from '../log.ts'
import type {ReadLocalOptions} from '../node/local-node.ts'
import type {Writer} from './writer.ts'

export interface WriterOptions {
  /** Of the agent, the same for all that write to this node: lock, journal and restore points are in it. */
  readonly stateDir: string
  readonly node: string
  /** Of this program, for the restore points. */
  readonly version: string
  readonly log: Log
  /** Without it results name no connections that go on although the new rules deny them. */
  readonly deniedFlows?: DeniedFlows
  /** Tests replace what follows. */
  readonly writing?: NodeWriting
  readonly read?: ReadLocalOptions
  readonly clock?: Clock
  readonly bounds?: Partial<WriteBounds>
}

/** The connections that go on although the rules would drop them if they were new. */
export interface DeniedFlows {
  /** @param node as it is after a write */
  find(node: NodeState): Promise<readonly DeniedFlow[]>
  /** Ends these and no others. @returns the same, each with whether it was ended */
  end(flows: readonly DeniedFlow[]): Promise<readonly DeniedFlow[]>
}

/** What a write asks of the machine's time. */
export interface Clock {
  /** Only shown: it may jump by years. */
  now(): Date
  /** Since the machine started, in seconds; deadlines are kept by it. */
  uptimeSeconds(): number
  /** Of the machine's last start. */
  bootId(): string
}

export interface WriteBounds {
  /** How long to wait for another writer. */
  readonly lockMs: number
  /** How long one run of a tool may take. */
  readonly toolMs: number
  /** How long iptables-restore waits for the xtables lock (legacy), in seconds. */
  readonly xtablesSeconds: number
}

/** Opens what writes to this node. Nothing is read or written before one of its methods is called. */
export function openWriter(options: WriterOptions): Writer {
  throw new Error(`not yet written: ${options.stateDir}`)
}
