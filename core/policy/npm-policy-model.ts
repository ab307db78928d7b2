import type {Direction} from '../names/kernel-name.ts'
import type {NamedSet, Term} from './named-set.ts'
import type {DraftPort} from './npm-policy-ports.ts'
import type {Refusal} from './program.ts'
import type {SelectorContext} from './selectors.ts'

/** A rule whose sets have names but no hashes yet. */
export interface DraftRule {
  readonly action: 'allow' | 'drop'
  /** All must hold for the other end of the connection. Rules for several ports of one peer share the list. */
  readonly peer: readonly Term[]
  readonly port: DraftPort
  /** The peer or rule of the object that it comes from. */
  readonly field: string
}

export interface DraftChain {
  readonly direction: Direction
  readonly rules: readonly DraftRule[]
}

/** One policy as Azure NPM translates it, before names are hashed. */
export interface Draft {
  /** `namespace/name` */
  readonly policy: string
  /** All must hold for the pods that the policy is about. */
  readonly target: readonly Term[]
  /** Ingress before egress. */
  readonly chains: readonly DraftChain[]
  /** Every set that the policy brings into being or refers to. */
  readonly sets: readonly NamedSet[]
  readonly refusals: readonly Refusal[]
}

/** What the parts of a policy are translated with. */
export interface DraftContext extends SelectorContext {
  readonly namespace: NamedSet
  readonly isLite: boolean
  readonly losesLiteBlocks: boolean
}
