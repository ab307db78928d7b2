import type {Direction} from '../names/kernel-name.ts'
import type {NamedSet, SetCondition} from './named-set.ts'
import type {NpmPolicyPort} from './npm-policy-ports.ts'
import type {Unsupported} from './program.ts'
import type {ReleaseLine} from './release.ts'
import type {SelectorContext} from './selectors.ts'
import type {UnsupportedList} from './unsupported.ts'

/** A rule whose sets have names but no hashes yet. */
export interface NpmPolicyRule {
  readonly action: 'allow' | 'drop'
  /** All must hold for the other end of the connection. Rules for several ports of one peer share the list. */
  readonly peer: readonly SetCondition[]
  readonly port: NpmPolicyPort
  /** The peer or rule of the object that it comes from. */
  readonly field: string
}

export interface NpmPolicyChain {
  readonly direction: Direction
  readonly rules: readonly NpmPolicyRule[]
}

/** One policy as Azure NPM translates it, before names are hashed. */
export interface NpmPolicy {
  /** `namespace/name` */
  readonly policy: string
  /** All must hold for the pods that the policy is about. */
  readonly target: readonly SetCondition[]
  /** Ingress before egress. */
  readonly chains: readonly NpmPolicyChain[]
  /** Every set that the policy brings into being or refers to. */
  readonly sets: readonly NamedSet[]
  readonly refusals: readonly Unsupported[]
}

/** Looks at a translated policy for what a data plane refuses of it, and adds that to the list. */
export type CheckPolicy = (
  policy: Pick<NpmPolicy, 'policy' | 'target' | 'chains'>,
  release: ReleaseLine | undefined,
  refusals: UnsupportedList,
) => void

/** What the parts of a policy are translated with. */
export interface NpmPolicyContext extends SelectorContext {
  readonly namespace: NamedSet
  readonly isLite: boolean
  readonly losesLiteBlocks: boolean
}
