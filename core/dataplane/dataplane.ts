import type {DriftItem} from '../contract/drift.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Packet} from '../net/packet.ts'
import type {PacketDomain, PacketSetWalk} from '../packets/packet-domain.ts'
import type {ServiceRange} from '../packets/services.ts'
import type {KnownRelease} from '../policy/known-release.ts'
import type {Program} from '../policy/program.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import type {NodeSets} from '../sets/node-set.ts'
import type {Text} from '../text/lines.ts'
import type {Cause} from './cause.ts'
import type {Comparison} from './comparison.ts'
import type {Completenesses} from './completeness.ts'
import type {AnyDifference} from './difference.ts'
import type {ExpectedProgram, ExpectedProgramOptions} from './expected-program.ts'
import type {Extent, NodeContent, NodeFacts} from './node-facts.ts'
import type {NodeTranslation} from './node-translation.ts'
import type {NpmPart, PlannedSteps, PlanOptions, ToldStep} from './plan.ts'
import type {PolicyChains} from './policy-chains.ts'
import type {PolicyCompiler} from './policy-compiler.ts'
import type {PlaneRedaction} from './redaction.ts'
import type {NodeCounters} from './rule-counters.ts'
import type {SimulatedNode} from './simulation.ts'
import type {DescribedWalk, Walk} from './walk.ts'

/**
 * How one operating system enforces policies on a node. Verbs know this interface and no data plane; a data plane knows no
 * verb. What one method returns is handed to methods of the same data plane only, which may look at more of it.
 *
 * A node knows its data plane, which opens and writes nodes: the three interfaces name each other, and so they stand in one file.
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

/** The operating systems on which Azure NPM enforces policies, each in its own way. */
export type DataPlaneName = 'linux' | 'windows'

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

/** The rule lists of a node that the Azure NPM which runs there has nothing to do with. Finding them reads no rule. */
export interface OtherRuleLists {
  /** Of other programs, of all tables: `cali-FORWARD`. */
  readonly foreign: readonly string[]
  /** Of an Azure NPM that used the other back end. */
  readonly leftOver: readonly string[]
}

/** Services at an address. */
export interface PlatformDenial {
  readonly address: string
  readonly services: ServiceRange
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
  /** Looks for a part in what the tools print, so that nothing has to be parsed to know that it is there. Absent where reading is cheap. */
  inPrint?(part: NpmPart): PartInPrint
  /**
   * The steps from one part to another. What both allow stays allowed, and what both deny stays denied, after every operation that is
   * not of an atomic step, and after every step.
   */
  plan(node: NodeState, found: NpmPart, wanted: NpmPart, options: PlanOptions): PlannedSteps
  /** The part after a step, or after the first lines of one that is not atomic: a model of the tools. @throws RangeError as a tool would fail */
  after(part: NpmPart, step: ToldStep, operations?: number): NpmPart
  /**
   * A node as it is now, after a change, or a part of it, that led from one part to another: where these two differ, it is as the second; what
   * anybody else has changed meanwhile is kept.
   *
   * @param steps of the change, which may have taken away for a while what both have
   */
  carriedOver(now: NpmPart, from: NpmPart, to: NpmPart, steps: readonly ToldStep[]): NpmPart
  /** The same node with another part, to be walked. */
  nodeWith(node: NodeState, part: NpmPart): NodeState
  /**
   * What a line would take away of other programs, that tells an object all it is to have. Absent where no line does so.
   *
   * @param now the object, as it is read just before
   */
  lostBy?(line: string, now: string): string | undefined
  /** Why lines must not be run: they touch what is not Azure NPM's. Undefined when all may be. */
  refusal(steps: readonly Pick<ToldStep, 'tool' | 'operations'>[]): string | undefined
}

/** A part that is looked for in the documents of a node. */
export interface PartInPrint {
  /** Looks at a document, which is whole. Each is looked at once, in whatever order they come. */
  see(document: {readonly kind?: string; readonly text: Text}): void
  /** Whether those that were seen say the part line for line. False is no answer: another text may say the same. */
  isSeen(): boolean
}

/** What becomes of changes that are made while Azure NPM may be running. */
export interface BesideNpm {
  /** Why nothing is changed then unless somebody insists, as a clause about Azure NPM. Absent where it leaves alone what is as it writes it. */
  readonly refusal?: string
  /** What happens when all of it is taken away then, in sentences without the last full stop. */
  readonly removal: string
}
