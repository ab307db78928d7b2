import type {NodeWriting} from '../../core/dataplane/dataplane.ts'
import type {PlannedStep} from '../../core/dataplane/plan.ts'
import type {ReadLocalOptions} from '../node/local-node.ts'
import {nodeSource} from '../node/node-source.ts'
import {ReadTexts, textsOfProcess} from '../node/read-texts.ts'
import type {Clock} from './clock.ts'
import {Journal} from './journal.ts'
import type {WrittenBackend} from './journal-records.ts'
import type {Lock} from './lock.ts'
import {type FoundPart, type ReadNode, readNode, verifyNode} from './read-node.ts'
import {RestorePoints} from './restore-points.ts'
import {runStep} from './run-step.ts'
import type {StepFailure} from './step-failure.ts'

export interface WriteBounds {
  /** How long to wait for another writer. */
  readonly lockMs: number
  /** How long one run of a tool may take. */
  readonly toolMs: number
  /** How long iptables-restore waits for the xtables lock (legacy), in seconds. */
  readonly xtablesSeconds: number
}

export interface SessionOptions {
  readonly stateDir: string
  readonly node: string
  readonly version: string
  readonly clock: Clock
  readonly bounds: WriteBounds
  readonly writing?: NodeWriting | undefined
  readonly read?: ReadLocalOptions | undefined
}

/** What one holder of the lock works with. */
export class Session {
  readonly options: SessionOptions
  readonly clock: Clock
  readonly journal: Journal
  readonly points: RestorePoints
  private readonly lock: Lock
  private readonly texts: ReadTexts

  /** @param texts what was read of the node before */
  constructor(options: SessionOptions, lock: Lock, texts = new ReadTexts(textsOfProcess)) {
    this.options = options
    this.texts = texts
    this.clock = options.clock
    this.lock = lock
    this.journal = new Journal(options.stateDir)
    this.points = new RestorePoints(options.stateDir)
  }

  get node(): string {
    return this.options.node
  }

  /** @throws WriteFailure when not all of the node can be read */
  read(signal?: AbortSignal): Promise<ReadNode> {
    const {node, writing, read} = this.options
    return readNode({...read, node, writing, ...(signal && {signal})})
  }

  /**
   * The same for who does not ask what rules have counted: what has the same text as before is not parsed again.
   *
   * @param isOfSets whether no rule is to be changed
   * @throws WriteFailure
   */
  readAgain(isOfSets: boolean, signal?: AbortSignal): Promise<ReadNode> {
    const {node, writing, read} = this.options
    return readNode({...read, node, writing, texts: this.texts, isOfSets, ...(signal && {signal})})
  }

  /**
   * Reads whether the node is what it is to be: rules and sets, and nothing that is only kept for people.
   *
   * @param wanted what it is to be
   * @param before the node before, where no rule was told to change
   * @param whenBegun called when its tools have been started
   * @throws WriteFailure
   */
  verify(wanted: Omit<FoundPart, 'open'>, before?: ReadNode, whenBegun?: () => void): Promise<FoundPart> {
    const {node, writing, read} = this.options
    return verifyNode({...read, node, writing, texts: this.texts, whenBegun}, wanted, before)
  }

  async run(step: PlannedStep, backend: WrittenBackend, writing: NodeWriting): Promise<StepFailure | undefined> {
    const {hns} = {...(await nodeSource()), ...this.options.read}
    return runStep(step, {...this.options.bounds, backend, lockFd: this.lock.fd, hns, writing})
  }

  time(): string {
    return this.clock.now().toISOString()
  }
}
