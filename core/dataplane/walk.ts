import type {TraceSide, TraceStep} from '../contract/trace.ts'
import type {Verdict} from '../net/packet.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import type {Problem} from '../problem/problem.ts'

/** What happens to a packet on one node. */
export interface Walk {
  readonly verdict: Verdict
  /** All rules that matched, first to last; for `unknown`, up to where it stops being known. Their shape is the data plane's. */
  readonly trail: readonly object[]
  /** What decides, as a text that is equal where one rule decides. By default it is the last of the trail. */
  readonly decidedBy?: () => string
  /** Why the verdict is unknown. */
  readonly reason?: string
  /** What is not whole, and would be needed for a verdict. */
  readonly incomplete?: readonly IncompletePart[]
  /** Whether the node forwards the packet, receives it (`input`) or sends it (`output`). Azure NPM judges what is forwarded. */
  readonly path?: 'forward' | 'input' | 'output'
  /** How the packet leaves the node, where the node translates an address of it. */
  readonly translated?: Translated
  /**
   * How the packet may leave the node, where not all is known: each of a service's endpoints, for example. The verdict is the
   * same for all of them, unless it is unknown. Undefined stands for a packet that is not changed.
   */
  readonly ways?: readonly (Translated | undefined)[]
  /** Whether it is not known where the packet goes: what may translate its destination is not understood, or not given. */
  readonly isLost?: boolean
}

/** A packet's ends behind the translation of addresses. */
export interface Translated {
  readonly destination: string
  readonly port: number | undefined
  /** Present when the source is translated, too: the node masquerades. Null when its address is not known. */
  readonly source?: string | null
}

/** A walk in words. */
export interface DescribedWalk {
  readonly trail: readonly TraceStep[]
  readonly ingress: TraceSide
  readonly egress: TraceSide
  /** Which rule decides, in one sentence. */
  readonly reason: string
  /** What that means for a connection that goes on, as a clause, where rules are not asked about each packet. */
  readonly ofConnection?: string
  readonly problems: readonly Problem[]
}
