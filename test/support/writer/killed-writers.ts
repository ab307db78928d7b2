import type {Backend} from '../kernel/tools.ts'
import type {WriterProcess} from './process.ts'
import {TwoStates} from './two-states.ts'

/** What a writer left, behind the next one that came. */
export interface KilledWriter {
  /** Whether the node has the state that was to be made. */
  readonly isNew: boolean
  /** What the journal says of the write; nothing where it knows of none. */
  readonly journal: string
}

/** Writers that are killed on one node, each by a process of its own, with one that finishes what they leave. */
export class KilledWriters implements AsyncDisposable {
  private readonly node: TwoStates
  private readonly healer: WriterProcess
  private readonly stack: AsyncDisposableStack
  /** It starts while the one before it works. */
  private following: Promise<WriterProcess>
  private state: 'a' | 'b' = 'a'
  private newest: string | undefined

  private constructor(node: TwoStates, healer: WriterProcess, stack: AsyncDisposableStack) {
    this.node = node
    this.healer = healer
    this.stack = stack
    this.following = node.lab.writer()
  }

  static async open(backend: Backend, program?: string): Promise<KilledWriters> {
    await using stack = new AsyncDisposableStack()
    const node = stack.use(await TwoStates.open(backend, program))
    const healer = stack.use(await node.lab.writer())
    return new KilledWriters(node, healer, stack.move())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.following).kill()
    await this.stack.disposeAsync()
  }

  /** The file of the plan from the state that the node has to the other one. */
  get plan(): string {
    return this.node.planFrom(this.state)
  }

  /** A write that nobody disturbs: the fault points that it passes, and how long it takes. */
  async whole(): Promise<{readonly passed: readonly string[]; readonly durationMs: number}> {
    let passed: readonly string[] = []
    let durationMs = 0
    await this.next(async writer => {
      const told = await writer.tell({does: 'apply', plan: this.plan})
      passed = told.passed
      durationMs = told.result.durationMs
    })
    return {passed, durationMs}
  }

  /** Gives a writer of its own to what kills it, and has finished what it leaves. */
  async next(body: (writer: WriterProcess) => Promise<void>): Promise<KilledWriter> {
    await using writer = await this.following
    this.following = this.node.lab.writer()
    await body(writer)
    const newest = await this.node.heal(this.healer)
    const journal = newest === undefined || newest.id === this.newest ? 'nothing' : newest.outcome
    this.newest = newest?.id
    const before = this.state
    this.state = await this.node.state()
    return {isNew: this.state !== before, journal}
  }
}
