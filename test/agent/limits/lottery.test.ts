import {describe, expect, test} from 'vitest'
import {Lottery} from '../../../agent/limits/lottery.ts'

const WIDE = {running: 1000, burst: 1000, perSecond: 1000, waiting: 1000}
const turn = () => new Promise(setImmediate)
const never = () => new Promise<never>(() => {})

describe('work that is drawn by lot', () => {
  test('runs at once while there is room, and hands on what it gives and throws', async () => {
    const lottery = new Lottery(WIDE)
    expect(await lottery.run(async () => 7)).toBe(7)
    await expect(lottery.run(async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await lottery.run(async () => 8)).toBe(8)
  })

  test('runs no more at once than may', async () => {
    const lottery = new Lottery({...WIDE, running: 2})
    let running = 0
    let most = 0
    await Promise.all(
      Array.from({length: 20}, () =>
        lottery.run(async () => {
          most = Math.max(most, ++running)
          await new Promise(setImmediate)
          running--
        }),
      ),
    )
    expect(most).toBe(2)
  })

  test('begins no more often than may', async () => {
    const lottery = new Lottery({...WIDE, burst: 3, perSecond: 1})
    let begun = 0
    for (let index = 0; index < 10; index++) void lottery.run(async () => void begun++)
    await new Promise(setImmediate)
    expect(begun).toBe(3)
    await expect.poll(() => begun).toBe(4)
  })

  test('is lost by chance when too many wait: the one who comes, or one who has waited', async () => {
    const picks = [0.99, 0]
    const lottery = new Lottery({...WIDE, running: 1, waiting: 2}, () => picks.shift() ?? 0)
    const outcomes: string[] = []
    // Drawn while it is alone.
    void lottery.run(never)
    const enter = (name: string) => void lottery.run(async () => outcomes.push(`${name} ran`)).then(() => outcomes.push(name))
    for (const name of ['a', 'b', 'c', 'd']) enter(name)
    await new Promise(setImmediate)
    expect(outcomes).toEqual(['a', 'b'])
  })

  test('leaves out who is gone', async () => {
    const lottery = new Lottery({...WIDE, running: 1})
    const first = Promise.withResolvers<void>()
    void lottery.run(() => first.promise)
    const leaving = new AbortController()
    const gone = lottery.run(async () => 'ran', leaving.signal)
    const stays = lottery.run(async () => 'ran')
    leaving.abort()
    expect(await gone).toBeUndefined()
    expect(await lottery.run(async () => 'ran', AbortSignal.abort())).toBeUndefined()
    first.resolve()
    expect(await stays).toBe('ran')
  })

  test('lets one of many through a flood in the end', async () => {
    const lottery = new Lottery({running: 1, burst: 1000, perSecond: 1000, waiting: 8})
    let isIn = false
    const over = new AbortController()
    const flood = Array.from({length: 16}, async () => {
      while (!over.signal.aborted) {
        await lottery.run(turn)
        await turn()
      }
    })
    for (let tries = 0; tries < 1000 && !isIn; tries++) {
      isIn = (await lottery.run(async () => true)) ?? false
      await turn()
    }
    over.abort()
    await Promise.all(flood)
    expect(isIn).toBe(true)
  })
})
