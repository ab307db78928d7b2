import type {Direction} from '../names/kernel-name.ts'
import type {NamedSet, SetCondition} from './named-set.ts'
import type {NpmPolicyPort} from './npm-policy-ports.ts'
import type {CompileOptions, Unsupported} from './program.ts'
import type {PeersAndPorts, RuleList} from './rule-list.ts'
import type {SelectorContext} from './selectors.ts'
import type {UnsupportedList} from './unsupported.ts'

/** A rule without its port: one peer, or the drop of everybody else. */
export interface NpmPolicyPeer {
  readonly action: 'allow' | 'drop'
  /** Conditions on the other end of the connection; all must hold. */
  readonly peer: readonly SetCondition[]
  /** The field of the peer or rule that it results from. */
  readonly field: string
}

/** A rule whose sets have names but no hashes yet. */
export interface NpmPolicyRule extends NpmPolicyPeer {
  readonly port: NpmPolicyPort
}

/** Peers and ports of one rule of a NetworkPolicy. */
export type NpmPolicyBlock = PeersAndPorts<NpmPolicyPeer, NpmPolicyPort>

export interface NpmPolicyChain {
  readonly direction: Direction
  /** What the rules result from. */
  readonly blocks: readonly NpmPolicyBlock[]
  readonly rules: RuleList<NpmPolicyRule>
}

/** One policy as Azure NPM translates it, before names are hashed. */
export interface NpmPolicy {
  /** `namespace/name` */
  readonly policy: string
  /** Conditions on the pods that the policy selects; all must hold. */
  readonly target: readonly SetCondition[]
  /** Ingress before egress. */
  readonly chains: readonly NpmPolicyChain[]
  /** The directions of a policy that has too many rules to be compiled. It has no chains here, but Azure NPM programs it. */
  readonly tooLarge: readonly Direction[]
  /** Every set that the policy creates or refers to. */
  readonly sets: readonly NamedSet[]
  readonly refusals: readonly Unsupported[]
}

/** Finds what a data plane refuses in a translated policy, and adds it to `refusals`. */
export type CheckPolicy = (
  policy: Pick<NpmPolicy, 'policy' | 'target' | 'chains'>,
  options: CompileOptions,
  refusals: UnsupportedList,
) => void

/** How a data plane's translation differs from what all have in common. */
export interface Dialect {
  /** Finds what only this data plane refuses. */
  readonly check?: CheckPolicy
  /** Whether NPM Lite writes a block into the rule itself, whatever its text is, and leaves exceptions out. */
  readonly hasLiteralLiteBlocks?: true
  /** Whether a set holds a block as its text is, host bits and all. */
  readonly keepsBlockText?: true
}

/** What the translation of a policy's peers and ports depends on. */
export interface NpmPolicyContext extends SelectorContext {
  readonly namespace: NamedSet
  readonly isLite: boolean
  readonly losesLiteBlocks: boolean
  readonly hasLiteralBlocks: boolean
  readonly keepsBlockText: boolean
}
