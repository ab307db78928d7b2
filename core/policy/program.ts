import type {Match, Target} from '../linux/iptables/model.ts'
import type {Scheme} from '../names/hash.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {Generation} from '../names/name-index.ts'
import type {SetType} from '../names/set-name.ts'
import type {ReleaseLine} from './release.ts'

/**
 * The program: the sets and chains that a cluster's NetworkPolicies ask for on one node. Rules have the same shape as
 * those read from a node, so that the same walk, comparison and printing work on both.
 */

export interface ProgramSet {
  /** What is hashed: `podlabel-app:web`. */
  readonly name: string
  /** All that became this one set, because their names have one hash. Absent when there is one only, as nearly always. */
  readonly names?: readonly string[]
  readonly kernelName: string
  readonly type: SetType
  readonly ipsetType: 'hash:net' | 'hash:ip,port' | 'list:set'
  /** As ipset prints them: `10.0.0.1`, `10.1.0.0/16 nomatch`, `10.0.0.1,tcp:80`; of lists the kernel names. No duplicates. */
  readonly members: readonly string[]
}

export interface ProgramRule {
  readonly chain: string
  /** In the order iptables-save prints; the comment is whole, though iptables keeps 255 bytes of it. */
  readonly matches: readonly Match[]
  readonly target: Target
  /** `namespace/name`; absent for base rules. */
  readonly policy?: string
}

export interface CompiledPolicy {
  /** `namespace/name` */
  readonly policy: string
  /** The chains of its own, with the jump that leads there and their rules in order. */
  readonly chains: readonly {
    readonly direction: Direction
    readonly chain: string
    readonly jump: ProgramRule
    readonly rules: readonly ProgramRule[]
  }[]
  /** NPM v1: the rules that it puts into the base chains. v1 has no chains of a policy. */
  readonly baseRules?: readonly ProgramRule[]
  /** Kernel names of every set its rules name, nested members not included. */
  readonly sets: readonly string[]
}

/** Whose meaning is compiled: what Azure NPM itself would program, faults included, or what the NetworkPolicy API says. */
export const semantics = ['npm', 'kubernetes'] as const
export type Semantics = (typeof semantics)[number]

/** Why Azure NPM does not program a policy as it is written: not at all, or not all of it. */
export const unsupportedCodes = [
  'IPV6_BLOCK',
  'BAD_BLOCK',
  'BAD_EXCEPT',
  'BAD_LABEL_VALUE',
  'BAD_SELECTOR',
  'BAD_PROTOCOL',
  'BAD_PORT_RANGE',
  'TOO_MANY_RULES',
  'COMMENT_TOO_LONG',
  'LITE_PEER',
  'LITE_NAMED_PORT',
  'LITE_BLOCK_OPEN',
  'CHAIN_COLLISION',
  'SET_COLLISION',
] as const
export type UnsupportedCode = (typeof unsupportedCodes)[number]

export interface Unsupported {
  readonly policy: string
  readonly code: UnsupportedCode
  /** Where in the object: `spec.ingress[0].from[1].ipBlock.cidr`. */
  readonly field: string
  /** What is wrong with it. */
  readonly reason: string
  /** What Azure NPM does then: keeps enforcing the old version, or enforces nothing, or tries for ever. */
  readonly consequence: string
}

export interface CompileOptions {
  readonly scheme: Scheme
  readonly semantics: Semantics
  /** NPM v1 or v2, by default v2. v1 has the semantics `npm` only, and neither Lite nor sets on need. */
  readonly generation?: Generation
  /** Whose rules: absent for those of today. */
  readonly release?: ReleaseLine
  /** The node, whose pods alone NPM Lite reads. */
  readonly node?: string
  readonly isLite?: boolean
  /** NPM Lite of certain releases makes a rule for every address of a rule for blocks. */
  readonly losesLiteBlocks?: boolean
  /** Only sets that policies use are in the kernel (`ApplyIPSetsOnNeed`). */
  readonly isOnNeed?: boolean
  /** `PlaceAzureChainFirst`: the jump is the first rule of FORWARD, not the one after KUBE-SERVICES. */
  readonly isChainFirst?: boolean
}

/** The part of a program that comes of policies. */
export interface PolicyPart {
  /** Azure NPM's base chains with their rules, policy jumps included, in the order NPM makes them. NPM v1 without policies has none. */
  readonly baseChains: ReadonlyMap<string, readonly ProgramRule[]>
  readonly policies: readonly CompiledPolicy[]
  readonly refusals: readonly Unsupported[]
}

export interface Program extends PolicyPart {
  readonly options: CompileOptions
  /** By kernel name. */
  readonly sets: ReadonlyMap<string, ProgramSet>
  /** The rule that belongs into FORWARD where there are base chains. */
  readonly jump: ProgramRule
}

/** What a program is without its rules. */
export type ProgramSets = Pick<Program, 'options' | 'sets' | 'refusals'>
