import type {SetEntry} from '../contract/common.ts'
import type {TraceSide, TraceStep} from '../contract/trace.ts'
import type {TranslatedPolicy, Translation} from '../contract/translation.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {NameIndex} from '../names/name-index.ts'
import type {NpmCache} from '../names/npm-cache.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {Problem} from '../problem/problem.ts'
import type {NodeSets} from '../sets/node-set.ts'

/** The operating systems on which Azure NPM enforces policies, each in its own way. */
export type DataPlaneName = 'linux' | 'windows'

/** What was read from one node at one moment, whatever its data plane. Absent parts were not in the input. */
export interface NodeFacts {
  /** `unknown` when nothing says which node it is. */
  readonly node: string
  /** Of the dump that the node is in, when its `dump.json` says so. */
  readonly dumpId?: string
  /** When the node was read, RFC 3339, when `dump.json` says so. */
  readonly takenAt?: string
  readonly cache?: NpmCache
  /** Names on Azure NPM's metrics page. */
  readonly metricNames: readonly {readonly kernelName: string; readonly name: string}[]
  readonly cluster?: ClusterObjects
  readonly problems: readonly Problem[]
}

/** Whether all of a part of a node was in the input, some of it, or nothing. Answers that rest on a part which is not whole are unknown. */
export type Completeness = 'whole' | 'cut' | 'absent'

/** How complete each part of a node's input is. */
export interface Completenesses {
  readonly rules: Completeness
  readonly sets: Completeness
  /** `cut` where sets are known without their members. */
  readonly members: Completeness
  readonly objects: Completeness
}

/**
 * One node, opened once from its documents. All parts are read when somebody first asks for them, and kept, so that no verb
 * parses what another has parsed.
 */
export interface NodeState extends NodeFacts, NodeSets {
  readonly dataPlane: {readonly name: DataPlaneName}
  readonly completeness: Completenesses
  /** The chains or endpoints that Azure NPM's rules stand in, without reading any rule. */
  readonly ruleLists: readonly string[]
  /** Address blocks that rules name by themselves, `10.0.0.0/8`. Finding them reads no rule. */
  ruleBlocks(): readonly string[]
  /** The names and policies of the node. The first call learns all names. */
  translation(): NodeTranslation
  /** Walks a packet that the node forwards. */
  walk(packet: Packet): Walk
  /** What the model says of a packet that the node itself sends or receives; undefined when neither end is known to be the node. */
  walkOwn(packet: Packet): Walk | undefined
  /** A walk in words. Learns the names that it needs and no others. */
  describe(walk: Walk): DescribedWalk
  /** The same node with other facts; what was read and learned from rules is kept where the facts do not change it. */
  with(facts: Partial<Pick<NodeFacts, 'node' | 'takenAt' | 'cluster'>>): NodeState
}

/** What happens to a packet on one node. */
export interface Walk {
  readonly verdict: Verdict
  /** All rules that matched, first to last; for `unknown`, up to where it stops being known. Their shape is the data plane's. */
  readonly trail: readonly object[]
  /** Why the verdict is unknown. */
  readonly reason?: string
  /** The destination after translation, when a service was resolved. */
  readonly translated?: {readonly destination: string; readonly port: number | undefined}
}

/** A walk in words. */
export interface DescribedWalk {
  readonly trail: readonly TraceStep[]
  readonly ingress: TraceSide
  readonly egress: TraceSide
  /** Which rule decides, in one sentence. */
  readonly reason: string
  readonly problems: readonly Problem[]
}

/** All of a translation but what grows with the node. */
export type TranslationFacts = Omit<Translation, 'policies' | 'sets'>

/** What a policy is called before its rules are translated. */
export interface ProgrammedPolicy {
  readonly policy: string
  readonly direction: Direction
  readonly chain: string
  readonly candidates?: readonly string[]
}

/**
 * A node whose names are known. Policies and sets come one by one, because those of a large node do not fit into memory
 * twice.
 */
export interface NodeTranslation {
  readonly facts: TranslationFacts
  readonly names: NameIndex
  /** Azure NPM's sets that the input holds or a rule names, by kernel name. */
  readonly kernelSets: ReadonlySet<string>
  /** Policy of each chain with a known policy; colliding ones are joined by `|`. */
  readonly policyOfChain: ReadonlyMap<string, string>
  /** Whether the node has a chain, or an endpoint's list of rules, of this name. */
  hasRuleList(name: string): boolean
  /** @param wants leaves policies out before their rules are translated */
  policies(wants?: (policy: ProgrammedPolicy) => boolean): Iterable<TranslatedPolicy>
  sets(): Iterable<SetEntry>
  /**
   * The rules as the node's own tool prints them, with names in place of hashes. Undefined when no rules were in the input.
   *
   * @param only whose rules are wanted: those of these policies, and those in the chain of that name
   */
  savedText(only?: {
    readonly policies: Iterable<TranslatedPolicy>
    readonly chain: string | undefined
  }): Iterable<string> | undefined
}
