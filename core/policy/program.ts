import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import type {Generation} from '../names/name-index.ts'
import type {SetType} from '../names/set-name.ts'
import type {ReleaseLine} from './release.ts'

/**
 * The program: what a cluster's NetworkPolicies require on one node. These types describe the part that all data planes share: sets,
 * and which policies are programmed. Each data plane extends them with its own rules.
 */

export interface ProgramSet {
  /** What is hashed: `podlabel-app:web`. */
  readonly name: string
  /** All names that hash to this set, after a collision. Absent when there is only one. */
  readonly names?: readonly string[]
  readonly kernelName: string
  readonly type: SetType
  readonly ipsetType: 'hash:net' | 'hash:ip,port' | 'list:set'
  /** As ipset prints them: `10.0.0.1`, `10.1.0.0/16 nomatch`, `10.0.0.1,tcp:80`; for lists kernel names. No duplicates. */
  readonly members: readonly string[]
}

export interface CompiledPolicy {
  /** `namespace/name` */
  readonly policy: string
  /** Kernel names of every set its rules name, nested members not included. */
  readonly sets: readonly string[]
}

/** Which semantics are compiled: `npm` is what Azure NPM programs, faults included; `kubernetes` is what the API specifies. */
export const semantics = ['npm', 'kubernetes'] as const
export type Semantics = (typeof semantics)[number]

/** Why Azure NPM does not program a policy as it is written, wholly or in part. */
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
  'WINDOWS_NAMED_PORT',
  'WINDOWS_SCTP',
  'WINDOWS_EXCEPT',
  'WINDOWS_NEGATED_PODS',
  'WINDOWS_NEGATED_NAMESPACES',
  'WINDOWS_INVERTED_NAMESPACES',
] as const
export type UnsupportedCode = (typeof unsupportedCodes)[number]

export interface Unsupported {
  readonly policy: string
  readonly code: UnsupportedCode
  /** Where in the object: `spec.ingress[0].from[1].ipBlock.cidr`. */
  readonly field: string
  /** What is wrong with it. */
  readonly reason: string
  /** What Azure NPM does then: keeps the old version in force, enforces nothing, or retries for ever. */
  readonly consequence: string
}

export interface CompileOptions {
  readonly scheme: Scheme
  readonly semantics: Semantics
  /** NPM v1 or v2, by default v2. v1 has the semantics `npm` only, and neither Lite nor sets on need. */
  readonly generation?: Generation
  /** The release whose rules are compiled; by default the current line. */
  readonly release?: ReleaseLine
  /** The name of the node. NPM Lite reads only the pods of its own node. */
  readonly node?: string
  readonly isLite?: boolean
  /** Whether NPM Lite turns a rule for blocks into one for every address, as some releases do. */
  readonly losesLiteBlocks?: boolean
  /** Only sets that policies use are in the kernel (`ApplyIPSetsOnNeed`). */
  readonly isOnNeed?: boolean
  /** `PlaceAzureChainFirst`: the jump is the first rule of FORWARD, not the one after KUBE-SERVICES. */
  readonly isChainFirst?: boolean
  /** Limit on the rules of all policies together; the largest policies beyond it are left out. By default `MOST_RULES_TOGETHER`. */
  readonly mostRules?: number
}

/** The part of a program that results from policies. */
export interface PolicyPart {
  /** Those that are programmed, in the order in which they were added. */
  readonly policies: readonly CompiledPolicy[]
  /** Those that Azure NPM programs, but that have too many rules to be compiled here. Only their sets are in the program. */
  readonly leftOut: readonly CompiledPolicy[]
  /** Why policies are not, or not wholly, programmed. */
  readonly refusals: readonly Unsupported[]
}

export interface Program extends PolicyPart {
  readonly options: CompileOptions
  /** By kernel name. */
  readonly sets: ReadonlyMap<string, ProgramSet>
}

/** A program without its policies and rules. */
export type ProgramSets = Pick<Program, 'options' | 'sets' | 'refusals'>

/** Compiles a cluster's objects for one data plane. */
export type Compile = (objects: ClusterObjects, options: CompileOptions) => Program
