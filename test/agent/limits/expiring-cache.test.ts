import {describe, expect, test} from 'vitest'
import {ExpiringCache} from '../../../agent/limits/expiring-cache.ts'

function openCache(capacity = 10) {
  let now = 1000
  const computed: string[] = []
  const cache = new ExpiringCache<string>(capacity, () => now)
  /** Computes `value`, good for 100 ms from now on. */
  const get = (key: string, value = key, forMs = 100) =>
    cache.get(key, async () => {
      computed.push(value)
      return {value, until: now + forMs}
    })
  return {cache, computed, get, after: (ms: number) => void (now += ms)}
}

describe('a value', () => {
  test('is computed again when it has expired, and not before', async () => {
    const {cache, get, computed, after} = openCache()
    expect(await get('a', 'first')).toBe('first')
    after(99)
    expect(cache.has('a')).toBe(true)
    expect(await get('a', 'second')).toBe('first')
    after(1)
    expect(cache.has('a')).toBe(false)
    expect(await get('a', 'third')).toBe('third')
    expect(computed).toEqual(['first', 'third'])
  })

  test('is computed once for all who ask while it is awaited, however long that takes', async () => {
    const {cache, computed, get, after} = openCache()
    const pending = Promise.withResolvers<{value: string; until: number}>()
    const first = cache.get('a', () => pending.promise)
    after(1_000_000)
    expect(cache.has('a')).toBe(true)
    const second = get('a', 'other')
    pending.resolve({value: 'one', until: Number.POSITIVE_INFINITY})
    expect(await Promise.all([first, second])).toEqual(['one', 'one'])
    expect(computed).toEqual([])
  })

  test('that fails is not kept, and fails for all who await it', async () => {
    const {cache, get} = openCache()
    const failing = () => cache.get('a', () => Promise.reject(new Error('away')))
    await expect(Promise.all([failing(), get('a')])).rejects.toThrow('away')
    await Promise.resolve()
    expect(cache.has('a')).toBe(false)
    expect(await get('a', 'next')).toBe('next')
  })

  test('that fails late does not take away the one that replaced it', async () => {
    const {cache, get} = openCache(1)
    const pending = Promise.withResolvers<never>()
    const failing = cache.get('a', () => pending.promise)
    await get('b')
    await get('a', 'new')
    pending.reject(new Error('late'))
    await expect(failing).rejects.toThrow('late')
    expect(cache.has('a')).toBe(true)
    expect(await get('a', 'newer')).toBe('new')
  })

  test('makes room for newer ones when there are too many', async () => {
    const {cache, get} = openCache(2)
    for (const key of ['a', 'b', 'c']) await get(key)
    expect(['a', 'b', 'c'].map(key => cache.has(key))).toEqual([false, true, true])
  })
})
