import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import type {Generation} from '../names/name-index.ts'
import type {SetType} from '../names/set-name.ts'
import type {ReleaseLine} from './release.ts'

/**
 * The program: what a cluster's NetworkPolicies ask for on one node. Here is the part that every data plane has: sets, and
 * which policies are programmed. The rules are each data plane's own and extend these types.
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

export interface CompiledPolicy {
  /** `namespace/name` */
  readonly policy: string
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

/** The part of a program that results from policies. */
export interface PolicyPart {
  /** Those that are programmed, in the order in which they were added. */
  readonly policies: readonly CompiledPolicy[]
  /** Why policies are not, or not wholly, programmed. */
  readonly refusals: readonly Unsupported[]
}

export interface Program extends PolicyPart {
  readonly options: CompileOptions
  /** By kernel name. */
  readonly sets: ReadonlyMap<string, ProgramSet>
}

/** What a program is without its rules. */
export type ProgramSets = Pick<Program, 'options' | 'sets' | 'refusals'>

/** Compiles a cluster's objects for one data plane. */
export type Compile = (objects: ClusterObjects, options: CompileOptions) => Program
