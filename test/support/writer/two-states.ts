import {expect} from 'vitest'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
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

  /** The node has A. */
  static async open(backend: Backend = 'nft'): Promise<TwoStates> {
    const lab = await WriterLab.open(backend)
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

  /** The plan from the state that the node has. */
  async nextPlan(): Promise<string> {
    return (await this.state()) === 'a' ? this.there.file : this.back.file
  }

  /** Has a writer finish what another one left; a tool of that one may still run. Then a second start has to change nothing. */
  async heal(writer: WriterProcess): Promise<WriteResult | null> {
    for (let attempt = 0; ; attempt++) {
      const {result} = await writer.tell<WriteResult | null>({does: 'recover'})
      const {restorePoints} = (await writer.tell<WriteStatus>({does: 'status'})).result
      if (restorePoints[0]?.outcome === 'open' && attempt < 50) continue
      expect((await writer.tell<WriteResult | null>({does: 'recover'})).result, 'a second start').toBeNull()
      return result
    }
  }
}
