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
  /** What takes it back, to be shown and never run: several lines where rules or members that go at once are put back one by one. */
  readonly undo: string
  /** What it mends, as a clause. */
  readonly reason: string
  /** `namespace/name` */
  readonly policy?: string
  /** The set or chain, readable. */
  readonly name?: string
}

/** All of a step that decides what it does. */
export interface ToldStep {
  readonly tool: 'ipset' | 'iptables' | 'hns'
  /** Of iptables: whose tool. What an earlier Azure NPM left behind may be in the back end that is not in use. */
  readonly backend?: 'nft' | 'legacy'
  /** Whether its lines come into force together. Of others each comes into force by itself. */
  readonly isAtomic: boolean
  readonly operations: readonly Pick<PlannedOperation, 'line'>[]
}

/** Lines that a tool is told in one run. */
export interface PlannedStep extends ToldStep {
  readonly operations: readonly PlannedOperation[]
  /** Why it comes here. */
  readonly why: string
  /** Set when nothing that judges packets looks at what it changes: every packet is judged as before, and no walk is needed to know. */
  readonly isUnseen?: true
  /** Set when it changes nothing but sets: only packets from and to addresses that come into one or leave it may be judged otherwise. */
  readonly isOfSets?: true
}

export interface PlanOptions {
  /** Whether Azure NPM may be running: chains are emptied and not deleted, sets are not destroyed. */
  readonly npmMayRun: boolean
  /**
   * How many of the in-between states may be walked to find a shorter plan. 0: none; the plan that needs no walk is taken, which
   * brings all changes into force in one moment.
   */
  readonly mostWalks: number
  /**
   * Set to take back what a plan has begun: what others have begun to use meanwhile is brought back like all else, since the plan has
   * changed it.
   */
  readonly isWayBack?: true
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
