import type {NodeState, NodeWriting} from '../dataplane/dataplane.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Semantics} from '../policy/program.ts'

/** What a node is to be. */
export type Wanted =
  | {
      readonly kind: 'policies'
      /** By default the objects in the node's own input. */
      readonly cluster?: ClusterObjects
      /** By default `npm`. */
      readonly semantics?: Semantics
      readonly isLite?: boolean
    }
  /** What another reading of the node had of Azure NPM. Rules of other programs stay as they are now. */
  | {readonly kind: 'dump' | 'restorePoint'; readonly node: NodeState}
  /** Nothing of Azure NPM. */
  | {readonly kind: 'nothing'}

/** Which differences are repaired. Those that any of the lists names; all when there is no list. */
export interface Narrowing {
  /** `namespace/name` */
  readonly policies?: readonly string[]
  /** Readable or kernel names. */
  readonly sets?: readonly string[]
  /** The number that diff prints, from 1; or the kind of the cause; or its sentence, or a part of it that no other has. */
  readonly causes?: readonly string[]
}

/** What is known of a node beside its documents. Absent: nobody looked. */
export interface Surroundings {
  /** Whether Azure NPM's pages answer, at port 10091 of the node. */
  readonly hasNpmPages?: boolean
  /** Whether a process of Azure NPM runs on the node. */
  readonly hasNpmProcess?: boolean
  /** What enforces policies, by the DaemonSets of the cluster: `Azure NPM`, `Cilium`, … */
  readonly engines?: readonly string[]
}

export interface PlanNodeOptions {
  /** Of the node's data plane. */
  readonly writing: NodeWriting
  /** SHA-256 of a text as UTF-8, in hexadecimal. A parameter, because a whole node is digested: 10 MB. */
  readonly sha256: (text: string) => string
  readonly narrowedTo?: Narrowing
  readonly surroundings?: Surroundings
  /** Programs a node with other semantics than Azure NPM's though it may run and undo parts of it. */
  readonly isEvenIfNpmRuns?: boolean
  /** How many in-between states may be walked to find a shorter plan, see `PlanOptions`. */
  readonly mostWalks?: number
}
