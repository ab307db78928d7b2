import {expect} from 'vitest'
import type {Plan} from '../../../core/contract/plan.ts'
import type {RestorePoint, WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import type {Backend} from '../kernel/tools.ts'
import {WriterLab} from './lab.ts'
import type {WriterProcess} from './process.ts'
import {stateA, stateB} from './states.ts'

/** A node that has one of two states, with the plans from each to the other. */
export class TwoStates implements AsyncDisposable {
  readonly lab: WriterLab
  readonly a: string
  readonly b: string
  readonly foreign: string
  /** From A to B. */
  readonly there: {readonly file: string; readonly plan: Plan}
  readonly back: {readonly file: string; readonly plan: Plan}

  private constructor(facts: Pick<TwoStates, 'lab' | 'a' | 'b' | 'foreign' | 'there' | 'back'>) {
    this.lab = facts.lab
    this.a = facts.a
    this.b = facts.b
    this.foreign = facts.foreign
    this.there = facts.there
    this.back = facts.back
  }

  /**
   * The node has A.
   *
   * @param program of the writers; by default their sources
   */
  static async open(backend: Backend = 'nft', program?: string): Promise<TwoStates> {
    const lab = await WriterLab.open(backend, program)
    await lab.load(stateB)
    const b = await lab.read()
    await lab.load(stateA)
    const a = await lab.read()
    const [there, back] = [await lab.plan(a, b), await lab.plan(b, a)]
    return new TwoStates({lab, a: a.digest, b: b.digest, foreign: await lab.foreign(), there, back})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]()
  }

  /** The state that the node has now. Anything between the two fails the test. */
  async state(): Promise<'a' | 'b'> {
    const {digest} = await this.lab.read()
    expect([this.a, this.b], 'the node is between the old and the new state').toContain(digest)
    expect(await this.lab.foreign(), 'what is of other programs').toBe(this.foreign)
    return digest === this.a ? 'a' : 'b'
  }

  /** The file of the plan from a state to the other one. */
  planFrom(state: 'a' | 'b'): string {
    return (state === 'a' ? this.there : this.back).file
  }

  /** The same from the state that the node has. */
  async nextPlan(): Promise<string> {
    return this.planFrom(await this.state())
  }

  /**
   * Has a writer finish what another one left; a tool of that one may still run. Then a second start has to change nothing.
   *
   * @returns the newest restore point
   */
  async heal(writer: WriterProcess): Promise<RestorePoint | undefined> {
    for (let attempt = 0; ; attempt++) {
      await writer.tell<WriteResult | null>({does: 'recover'})
      const {restorePoints} = (await writer.tell<WriteStatus>({does: 'status'})).result
      if (restorePoints[0]?.outcome === 'open' && attempt < 50) continue
      expect((await writer.tell<WriteResult | null>({does: 'recover'})).result, 'a second start').toBeNull()
      return restorePoints[0]
    }
  }
}
