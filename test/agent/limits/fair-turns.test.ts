import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {FairTurns, type Waiting} from '../../../agent/limits/fair-turns.ts'
import {RateLimit} from '../../../agent/limits/rate-limit.ts'

/** Somebody with so much work, each piece of it of one cost. */
class Worker implements Waiting {
  readonly name: string
  readonly rate: RateLimit
  waitMsNow: number | undefined | 'rate' = 'rate'
  private left: number
  private readonly cost: number
  private readonly done: string[]

  constructor(done: string[], name: string, left: number, {cost = 1, perSecond = 100_000} = {}) {
    this.done = done
    this.name = name
    this.left = left
    this.cost = cost
    this.rate = new RateLimit(perSecond, perSecond)
  }

  get waitMs(): number | undefined {
    return this.waitMsNow === 'rate' ? this.rate.waitMs() : this.waitMsNow
  }

  takeTurn(): {cost: number; waitsOn: boolean} {
    this.done.push(this.name)
    this.rate.charge(this.cost)
    return {cost: this.cost, waitsOn: --this.left > 0}
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Each turn has a round of the event loop for itself. */
const rounds = async (count: number) => {
  for (let round = 0; round < count; round++) await vi.advanceTimersByTimeAsync(1)
}

const open = (perSecond = 100_000) => ({turns: new FairTurns(new RateLimit(perSecond, perSecond)), done: [] as string[]})

describe('turns', () => {
  test('are shared by what they cost, so that much work of one does not hold up the little of another', async () => {
    const {turns, done} = open()
    turns.add(new Worker(done, 'batches', 100, {cost: 32}))
    turns.add(new Worker(done, 'batches', 100, {cost: 32}))
    turns.add(new Worker(done, 'many', 1000))
    await rounds(500)
    const before = done.length
    expect(done.filter(name => name === 'batches').length).toBeLessThan(40)
    turns.add(new Worker(done, 'few', 5))
    await rounds(20)
    expect(done.slice(before, before + 12).filter(name => name === 'few')).toHaveLength(5)
  })

  test('are given to all in turn who ask for the same', async () => {
    const {turns, done} = open()
    for (const name of ['a', 'b', 'c']) turns.add(new Worker(done, name, 100))
    await rounds(30)
    expect(done.slice(0, 9).join('')).toBe('abcabcabc')
  })

  test('are given one at a time: between them everything else goes on', async () => {
    vi.useRealTimers()
    const {turns, done} = open()
    turns.add(new Worker(done, 'a', 10))
    for (let round = 1; round <= 10; round++) {
      await new Promise(setImmediate)
      expect(done.length).toBeLessThanOrEqual(round)
    }
    await new Promise(setImmediate)
    expect(done).toHaveLength(10)
  })

  test('are together no more than the total allows', async () => {
    const {turns, done} = open(10)
    for (const name of ['a', 'b', 'c', 'd']) turns.add(new Worker(done, name, 100))
    await rounds(15)
    expect(done).toHaveLength(10)
    await vi.advanceTimersByTimeAsync(2000)
    expect(done.length).toBeGreaterThanOrEqual(29)
    expect(done.length).toBeLessThanOrEqual(31)
    expect(new Set(done.slice(-4))).toEqual(new Set(['a', 'b', 'c', 'd']))
  })

  test('wait for work that could not wait', async () => {
    const {turns, done} = open(10)
    turns.charge(new Worker(done, 'other', 1), 20)
    turns.add(new Worker(done, 'a', 1))
    await vi.advanceTimersByTimeAsync(1000)
    expect(done).toEqual([])
    await vi.advanceTimersByTimeAsync(200)
    expect(done).toEqual(['a'])
  })

  test('pass over who cannot take one now, and come back', async () => {
    const {turns, done} = open()
    const late = new Worker(done, 'late', 1)
    late.waitMsNow = undefined
    turns.add(late)
    turns.add(new Worker(done, 'a', 3))
    await vi.advanceTimersByTimeAsync(500)
    expect(done).toEqual(['a', 'a', 'a'])
    late.waitMsNow = 0
    await vi.advanceTimersByTimeAsync(100)
    expect(done.at(-1)).toBe('late')
  })

  test('are not given to who does not wait any more, and leave no timer behind', async () => {
    const {turns, done} = open()
    const gone = new Worker(done, 'gone', 5)
    turns.add(gone)
    turns.delete(gone)
    await vi.advanceTimersByTimeAsync(1000)
    expect(done).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
    turns.add(new Worker(done, 'a', 1))
    await vi.advanceTimersByTimeAsync(0)
    expect(done).toEqual(['a'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
