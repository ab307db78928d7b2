import {describe, expect, test} from 'vitest'
import {RateLimit} from '../../../agent/limits/rate-limit.ts'

function openLimit(burst: number, perSecond: number) {
  let now = 5000
  const limit = new RateLimit(burst, perSecond, () => now)
  const takeAll = () => {
    let taken = 0
    while (limit.take()) taken++
    return taken
  }
  return {limit, takeAll, after: (ms: number) => void (now += ms)}
}

describe('a limited rate', () => {
  test('lets through a burst, and then so many each second', () => {
    const {takeAll, after} = openLimit(5, 2)
    expect(takeAll()).toBe(5)
    expect(takeAll()).toBe(0)
    after(1000)
    expect(takeAll()).toBe(2)
    after(499)
    expect(takeAll()).toBe(0)
    after(1)
    expect(takeAll()).toBe(1)
  })

  test('saves up no more than a burst', () => {
    const {takeAll, after} = openLimit(3, 10)
    after(3_600_000)
    expect(takeAll()).toBe(3)
    after(60_000)
    expect(takeAll()).toBe(3)
  })

  test('says how long until one more may pass', () => {
    const {limit, takeAll, after} = openLimit(1, 4)
    expect(limit.waitMs()).toBe(0)
    takeAll()
    expect(limit.waitMs()).toBe(250)
    after(100)
    expect(limit.waitMs()).toBe(150)
    after(150)
    expect(limit.waitMs()).toBe(0)
    expect(limit.take()).toBe(true)
  })

  test('counts nothing that is only asked about', () => {
    const {limit, takeAll} = openLimit(3, 1)
    expect([limit.has(), limit.has(), limit.balance]).toEqual([true, true, 3])
    expect(limit.waitMs()).toBe(0)
    expect(takeAll()).toBe(3)
  })

  test('makes up for what was more than may pass, before the next', () => {
    const {limit, after} = openLimit(3, 2)
    limit.charge(7)
    expect(limit.balance).toBe(-4)
    expect(limit.waitMs()).toBe(2500)
    after(2499)
    expect(limit.take()).toBe(false)
    after(1)
    expect(limit.take()).toBe(true)
  })
})
