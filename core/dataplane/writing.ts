import type {Program} from '../policy/program.ts'
import type {AnyDifference, IncompletePart, NodeState} from './dataplane.ts'

/**
 * All of a node that belongs to Azure NPM: what plans read and write, and nothing else. Two parts with the same digest judge every
 * packet alike and look alike to Azure NPM. Only its data plane looks into it.
 */
export interface NpmPart {
  readonly kind: 'npmPart'
}

/** One line that a tool is told. */
export interface PlannedOperation {
  readonly line: string
  /** The line that takes it back; empty where the undo of another line of the step does. */
  readonly undo: string
  /** What it mends, as a clause. */
  readonly reason: string
  /** `namespace/name` */
  readonly policy?: string
  /** The set or chain, readable. */
  readonly name?: string
}

/** Lines that a tool is told in one run. */
export interface PlannedStep {
  readonly tool: 'ipset' | 'iptables' | 'hns'
  /** Whether its lines come into force together. Of others each comes into force by itself. */
  readonly isAtomic: boolean
  readonly operations: readonly PlannedOperation[]
  /** Why it comes here. */
  readonly why: string
  /** Set when nothing that judges packets looks at what it changes: every packet is judged as before, and no walk is needed to know. */
  readonly isUnseen?: true
}

export interface PlanOptions {
  /** Whether Azure NPM may be running: chains are emptied and not deleted, sets are not destroyed. */
  readonly npmMayRun: boolean
  /**
   * How many of the in-between states may be walked to find a shorter plan. 0: none; the plan that needs no walk is taken, which
   * brings all changes into force in one moment.
   */
  readonly mostWalks: number
}

/** What a plan leaves alone, and why. */
export interface LeftAlone {
  readonly name: string
  readonly reason: string
  readonly next: string
}

export interface PlannedSteps {
  readonly steps: readonly PlannedStep[]
  readonly leftAlone: readonly LeftAlone[]
}

/** How a data plane changes a node. Loaded when something is to be written. */
export interface NodeWriting {
  /** What a node has of Azure NPM. What is not whole cannot be changed. */
  partOf(node: NodeState): NpmPart | {readonly incomplete: readonly IncompletePart[]}
  /** What a program would have on this node. */
  partOfProgram(program: Program, node: NodeState): NpmPart
  /** What a node would have with some differences repaired and all else as it is. */
  repairedPart(node: NodeState, differences: readonly AnyDifference[], program: Program): NpmPart
  /** Nothing of Azure NPM: no chain, no jump, no set. */
  emptyPart(node: NodeState): NpmPart
  /** A canonical text, equal for equal parts. Counters, order of members and line numbers are not in it. */
  canonical(part: NpmPart): string
  /**
   * The steps from one part to another. What both allow stays allowed, and what both deny stays denied, after every operation that is
   * not of an atomic step, and after every step.
   */
  plan(node: NodeState, found: NpmPart, wanted: NpmPart, options: PlanOptions): PlannedSteps
  /** The part after a step, or after the first lines of one that is not atomic: a model of the tools. @throws RangeError as a tool would fail */
  after(part: NpmPart, step: PlannedStep, operations?: number): NpmPart
  /** The same node with another part, to be walked. */
  nodeWith(node: NodeState, part: NpmPart): NodeState
  /** Why lines must not be run: they touch what is not Azure NPM's. Undefined when all may be. */
  refusal(steps: readonly Pick<PlannedStep, 'tool' | 'operations'>[]): string | undefined
}
