import type {SetEntry} from '../../core/contract/common.ts'
import type {Drift} from '../../core/contract/drift.ts'
import type {LiveEvent} from '../../core/contract/live.ts'
import type {Recorded} from '../../core/contract/recording.ts'

/** What is asked of nodes. It may change at any time. */
export interface LiveRequest {
  /** Milliseconds between two samples, at least. A busy node gives fewer: see `intervalMs` of samples. */
  readonly intervalMs: number
  /** Nodes whose rules are counted one by one; of all others the summary is known. */
  readonly rulesOf: ReadonlySet<string> | 'all'
}

/** A source while it is being opened. */
export interface Opening {
  /** Resolves when it is open, or cannot be: `events` throws why then. */
  readonly done: Promise<void>
  /** Takes what a login program says to the person. Until somebody does, it goes to stderr. */
  onSaid(take: (text: string) => void): void
}

/** Where what goes on on nodes comes from: a cluster, this machine, a dump or a recording. */
export interface LiveSource {
  /** Of a source that is still being opened. */
  readonly opening?: Opening
  readonly kind: 'cluster' | 'local' | 'dump' | 'recording'
  /**
   * The stream of documents, until `signal` is aborted; of a dump, and of a recording, until its end. A node comes with its rules in words first
   * where they are asked for, and again whenever they change; a node that cannot be watched comes as a failure, and is tried again.
   *
   * @param onFound called with the nodes that are watched as soon as they are known, before anything comes from them, and when there are more
   * @throws what is a fault of this program, and what keeps all nodes from being watched, as an InputError
   */
  events(signal: AbortSignal, onFound?: (nodes: readonly string[]) => void): AsyncIterable<LiveEvent>
  /** Asks for something else from now on. Sources that only give what they have take no notice. */
  request(request: LiveRequest): void
  /**
   * A set of a node with its members now, and the pods behind these.
   *
   * @returns undefined when the node does not have it
   * @throws InputError when the node cannot be read, and where the source has no members, as a recording
   */
  members(node: string, set: string, signal: AbortSignal): Promise<SetEntry | undefined>
  /** The comparison of a node with its policies now. @throws InputError when it cannot be made */
  differences(node: string, signal: AbortSignal): Promise<Drift>
  /** Of a recording: all of its documents in order, to step through. */
  readonly recorded?: readonly Recorded[]
}
