import type {IncompletePart, SetEntry} from '../contract/common.ts'
import type {DriftItem} from '../contract/drift.ts'
import type {TraceSide, TraceStep} from '../contract/trace.ts'
import type {TranslatedPolicy, Translation} from '../contract/translation.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {NameIndex} from '../names/name-index.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {PacketDomain, PacketSetWalk} from '../packets/packet-domain.ts'
import type {ServiceRange} from '../packets/services.ts'
import type {KnownRelease} from '../policy/known-release.ts'
import type {CompileOptions, Program, Semantics} from '../policy/program.ts'
import type {Problem} from '../problem/problem.ts'
import type {NodeSets} from '../sets/node-set.ts'
import type {Text} from '../text/lines.ts'
import type {Cause} from './cause.ts'
import type {Difference} from './difference.ts'
import type {Extent, NodeContent, NodeFacts} from './node-facts.ts'
import type {PolicyCompiler} from './policy-compiler.ts'
import type {PlaneRedaction} from './redaction.ts'
import type {NodeCounters} from './rule-counters.ts'
import type {SimulatedNode} from './simulation.ts'
import type {NpmPart, PlannedStep, PlannedSteps, PlanOptions} from './writing.ts'

export type {IncompletePart} from '../problem/incomplete-part.ts'

/**
 * How one operating system enforces policies on a node. Verbs know this interface and no data plane; a data plane knows no
 * verb. What one method returns is handed to methods of the same data plane only, which may look at more of it.
 */
export interface DataPlane {
  readonly name: DataPlaneName
  /** The kinds of text documents that hold this data plane's rules and sets. */
  readonly documentKinds: ReadonlySet<string>
  /** How its documents are read that are JSON; absent where none are. */
  readonly json?: JsonDocuments
  /** Why the connections of its nodes are not known, where nothing lists them. */
  readonly withoutConnections?: {readonly message: string; readonly next: string}
  readonly policyCompiler: PolicyCompiler
  readonly policyChains: PolicyChains
  /**
   * Parses one document. Never throws for bad content: what is wrong is in `problems`.
   *
   * @param kind one of `documentKinds`
   * @param extent how much of what a tool prints the text is known to be
   */
  parse(kind: string, text: Text, file: string, extent: Extent): NodeContent
  /** Opens a node. Contents that contradict each other become problems. */
  open(facts: NodeFacts, documents: readonly {readonly name: string; readonly content: NodeContent}[]): NodeState
  /**
   * The node that Azure NPM would program: the rules and sets of a compiled program, and nothing of anybody else, such as
   * kube-proxy. It walks, describes and translates as a node that was read. Packets that a policy which was left out of the
   * program may concern are unknown.
   *
   * @param facts the node's name, which is `unknown` by default, and the objects that were compiled, whose names describe it
   */
  foretell(program: Program, facts?: Partial<NodeFacts>): NodeState
  /** Loads what redacts its documents, which no other verb needs. */
  redaction(): Promise<PlaneRedaction>
  /** Loads what changes nodes, which only verbs that write need. */
  writing(): Promise<NodeWriting>

  /**
   * The program that the policies ask for on a node: of the release, in the names and the mode that the node shows.
   *
   * @returns the program, and what the node did not show
   */
  expectedProgram(node: NodeState, cluster: ClusterObjects, options: ExpectedProgramOptions): ExpectedProgram
  /** All differences between a program and a node, and what is different as expected. */
  compare(program: Program, node: NodeState): Comparison
  /** A difference in words, as documents have it. */
  describe(difference: AnyDifference): Omit<DriftItem, 'effect' | 'example'>
  /** What caused the differences of rules between a program and a node. Those of sets are left out. */
  ruleCauses(differences: readonly AnyDifference[], program: Program, node: NodeState): readonly Cause[]
  /**
   * A node as it is, to try packets and repairs on.
   *
   * @param program what a repaired node has where the input does not tell: the members of its sets
   */
  simulate(node: NodeState, program: Program): SimulatedNode<object, AnyDifference>
}

/** Documents of a data plane that are JSON, which is parsed before it is known whose it is. */
export interface JsonDocuments {
  /** Whether a value, or an item of it, is of this data plane. */
  holds(value: unknown): boolean
  /**
   * Reads a value. Never throws for bad content: what is wrong is in `problems`.
   *
   * @param isCut whether more may have followed in the document
   */
  parse(value: unknown, file: string, isCut: boolean): NodeContent
}

/** The names of the chains, or other lists of rules, that policies have of their own. */
export interface PolicyChains {
  /** @param policy `namespace/name` */
  nameOf(policy: string, direction: Direction, scheme: Scheme): string
  /** What a name's shape says; undefined for one that no policy's chain can have. */
  shapeOf(name: string): {readonly direction: Direction; readonly schemes: readonly Scheme[]} | undefined
  /** The names that a policy's lists of rules have whose digest is this text; none where it can be no digest. */
  ofDigest(digest: string): readonly string[]
  /** What a list of rules of Azure NPM that is no policy's own is for, in each generation that has it. */
  purposesOf(name: string): readonly {readonly generation: 'v1' | 'v2'; readonly meaning: string}[]
  /** The only direction whose packets a list of rules concerns, a policy's own or another of Azure NPM; undefined for one of both. */
  directionOf(name: string): Direction | undefined
}

/** What a program and a node have in common, and what not. */
export interface Comparison {
  readonly differences: readonly AnyDifference[]
  /** What is different as expected. */
  readonly notes: readonly string[]
  /** Policies whose rules were not compared, with the reason. */
  readonly notCompared: readonly {readonly policy: string; readonly reason: string}[]
  /** What the comparison rests on and is not whole. What was not given is in no difference. */
  readonly incomplete?: readonly IncompletePart[]
}

/** A difference of whatever data plane. */
export type AnyDifference = Difference<object>

/** Settings of Azure NPM that no document of a node holds, and work that is done already. */
export interface ExpectedProgramOptions {
  readonly isLite?: boolean
  readonly semantics?: Semantics
  /** Gives the program in place of a compilation: for who follows the cluster and has it ready. */
  readonly programFor?: (options: CompileOptions) => Program
}

export interface ExpectedProgram {
  readonly program: Program
  readonly notes: readonly string[]
  /** What other releases would program that the node may be of, as far as it tells. Compiled when they are asked for. */
  readonly others?: readonly (() => Program)[]
}

/** The operating systems on which Azure NPM enforces policies, each in its own way. */
export type DataPlaneName = 'linux' | 'windows'

/** Whether all of a part of a node was in the input, some of it, or nothing. Answers that rest on a part which is not whole are unknown. */
export type Completeness = 'whole' | 'cut' | 'absent'

/** A part of the sets that is not whole. */
export interface SetPart extends IncompletePart {
  /** Present when it may as well be whole: nothing but the missing end of the text speaks against it. */
  readonly isOpen?: true
  /** Present when only the members are missing: which sets there are, and how many members each has, is known. */
  readonly areCounted?: true
}

/** How complete each part of a node's input is. */
export interface Completenesses {
  readonly rules: Completeness
  readonly sets: Completeness
  /** `cut` where sets are known without their members. */
  readonly members: Completeness
  readonly objects: Completeness
  /** All that is not whole, each part by name; empty when everything is. */
  readonly parts: readonly IncompletePart[]
  /** Of the sets and their members. */
  readonly ofSets: readonly SetPart[]
  /** Where more of Azure NPM's chains, or lists of rules, may stand than are given. */
  readonly ofRuleLists: readonly IncompletePart[]
  /**
   * Of one set: undefined when it is whole, or when the node is known not to have it.
   *
   * @param name      its kernel name
   * @param mayBeList whether it may be a list of sets
   */
  ofSet(name: string, mayBeList: boolean): SetPart | undefined
}

/**
 * One node, opened once from its documents. All parts are read when somebody first asks for them, and kept, so that no verb
 * parses what another has parsed.
 */
export interface NodeState extends NodeFacts, NodeSets {
  readonly dataPlane: DataPlane
  readonly completeness: Completenesses
  /** The chains or endpoints that Azure NPM's rules stand in, without reading any rule. */
  readonly ruleLists: readonly string[]
  /** The chains of other programs, by which these are recognised, and those of Azure NPM where it does not write any more. */
  readonly otherRuleLists: OtherRuleLists
  /**
   * Whether the node enforces policies for the pod at an address: what it says of other ends is not all that is enforced there. Absent where
   * every node enforces those of all pods.
   */
  readonly judges?: (address: string) => boolean
  /**
   * The rules for the pod at an address, as a text: pods of one text that the same sets hold are judged alike. Absent where one list of rules
   * judges those of all pods.
   */
  rulesAt?(address: string): string
  /** The addresses that have rules of their own, whatever sets they are in. Absent where one list of rules judges those of all pods. */
  readonly judgedAddresses?: readonly string[]
  /** What the platform keeps pods from, whatever policies say. Absent where no such thing is known. */
  readonly platformDenials?: readonly PlatformDenial[]
  /** Address blocks that rules name by themselves, `10.0.0.0/8`. Finding them reads no rule. */
  ruleBlocks(): readonly string[]
  /** The release of the Azure NPM that runs on the node, by its pod, or which ones program as it is programmed. */
  release(): KnownRelease
  /** What Azure NPM's rules and the jump to them had counted. No rule is parsed. */
  counters(): NodeCounters
  /** The names and policies of the node. The first call learns all names. */
  translation(): NodeTranslation
  /** Walks a packet that comes by the node: one that it forwards, receives or sends. */
  walk(packet: Packet): Walk
  /**
   * Walks all packets of a domain that the node forwards. Each has the verdict that `walk` finds, or is better known.
   *
   * @param like a walk of the same domain on another state of the node, of which what is the same is used again
   */
  walkSets(domain: PacketDomain, like?: PacketSetWalk): PacketSetWalk
  /** A walk in words. Learns the names that it needs and no others. */
  describe(walk: Walk): DescribedWalk
  /** The same node with other facts; what was read and learned from rules is kept where the facts do not change it. */
  with(facts: Partial<Pick<NodeFacts, 'node' | 'takenAt' | 'cluster'>>): NodeState
}

/** Services at an address. */
export interface PlatformDenial {
  readonly address: string
  readonly services: ServiceRange
}

/** The rule lists of a node that the Azure NPM which runs there has nothing to do with. Finding them reads no rule. */
export interface OtherRuleLists {
  /** Of other programs, of all tables: `cali-FORWARD`. */
  readonly foreign: readonly string[]
  /** Of an Azure NPM that used the other back end. */
  readonly leftOver: readonly string[]
}

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
   * @param only whose rules are wanted: those of these policies, and those in the chains of these names
   */
  savedText(only?: {
    readonly policies: Iterable<TranslatedPolicy>
    readonly chains: readonly string[]
  }): Iterable<string> | undefined
}

/** What becomes of changes that are made while Azure NPM may be running. */
export interface BesideNpm {
  /** Why nothing is changed then unless somebody insists, as a clause about Azure NPM. Absent where it leaves alone what is as it writes it. */
  readonly refusal?: string
  /** What happens when all of it is taken away then, in sentences without the last full stop. */
  readonly removal: string
}

/** How a data plane changes a node. Loaded when something is to be written. */
export interface NodeWriting {
  readonly besideNpm: BesideNpm
  /** What a node has of Azure NPM. What is not whole cannot be changed. */
  partOf(node: NodeState): NpmPart | {readonly incomplete: readonly IncompletePart[]}
  /** What a node had when it was kept. Parts in which Azure NPM has nothing need not be whole. */
  keptPartOf(node: NodeState): NpmPart | {readonly incomplete: readonly IncompletePart[]}
  /** A part with some sets, by kernel name, as a kept part has them; or what is missing for that, as a clause about the kept one. */
  withSetsOf(part: NpmPart, kept: NpmPart, names: readonly string[]): NpmPart | {readonly missing: string}
  /**
   * A part with some policies as a kept part has them, and the sets that their rules name; or why that cannot be, as a clause about the kept one.
   * Sets that hold pods, or that others use, stay as they are, and come only where they are missing.
   *
   * @param names of the policies' lists of rules, as `policyOfChain` has them
   * @param isOfOnePolicy whether a set, by kernel name, is of a kind that holds what one policy says
   */
  withPoliciesOf(
    part: NpmPart,
    kept: NpmPart,
    names: readonly string[],
    isOfOnePolicy: (set: string) => boolean,
  ): NpmPart | {readonly missing: string}
  /** What a program would have on this node. */
  partOfProgram(program: Program, node: NodeState): NpmPart
  /** What a node would have with some differences repaired and all else as it is. */
  repairedPart(node: NodeState, differences: readonly AnyDifference[], program: Program): NpmPart
  /** Nothing of Azure NPM: no chain, no jump, no set. */
  emptyPart(node: NodeState): NpmPart
  /** A canonical text, equal for equal parts. Counters, order of members and line numbers are not in it. */
  canonical(part: NpmPart): string
  /**
   * Whether what the tools print says a part line for line, so that nothing has to be parsed to know it. False is no answer. Absent
   * where reading is cheap.
   *
   * @param documents of a node, each whole
   */
  isPrinted?(documents: readonly {readonly kind?: string; readonly text: Text}[], part: NpmPart): boolean
  /**
   * The steps from one part to another. What both allow stays allowed, and what both deny stays denied, after every operation that is
   * not of an atomic step, and after every step.
   */
  plan(node: NodeState, found: NpmPart, wanted: NpmPart, options: PlanOptions): PlannedSteps
  /** The part after a step, or after the first lines of one that is not atomic: a model of the tools. @throws RangeError as a tool would fail */
  after(part: NpmPart, step: PlannedStep, operations?: number): NpmPart
  /**
   * A node as it is now, after a change, or a part of it, that led from one part to another: where these two differ, it is as the second; what
   * anybody else has changed meanwhile is kept.
   *
   * @param steps of the change, which may have taken away for a while what both have
   */
  carriedOver(now: NpmPart, from: NpmPart, to: NpmPart, steps: readonly PlannedStep[]): NpmPart
  /** The same node with another part, to be walked. */
  nodeWith(node: NodeState, part: NpmPart): NodeState
  /**
   * What a line would take away of other programs, that tells an object all it is to have. Absent where no line does so.
   *
   * @param now the object, as it is read just before
   */
  lostBy?(line: string, now: string): string | undefined
  /** Why lines must not be run: they touch what is not Azure NPM's. Undefined when all may be. */
  refusal(steps: readonly Pick<PlannedStep, 'tool' | 'operations'>[]): string | undefined
}
