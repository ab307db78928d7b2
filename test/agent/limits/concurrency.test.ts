import {describe, expect, test} from 'vitest'
import {Concurrency} from '../../../agent/limits/concurrency.ts'

/** Work that a test ends. */
function openWork(concurrency: Concurrency) {
  const started: string[] = []
  const begin = (name: string) => {
    const end = Promise.withResolvers<string>()
    const done = concurrency.run(async () => {
      started.push(name)
      return end.promise
    })
    return {done, end: () => end.resolve(name), fail: () => end.reject(new Error(name))}
  }
  return {started, begin}
}

describe('work of bounded concurrency', () => {
  test('waits for its turn, first come, first served', async () => {
    const {started, begin} = openWork(new Concurrency(2, 10))
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(begin)
    expect(started).toEqual(['a', 'b'])
    b?.end()
    expect(await b?.done).toBe('b')
    expect(started).toEqual(['a', 'b', 'c'])
    a?.end()
    await a?.done
    expect(started).toEqual(['a', 'b', 'c', 'd'])
    c?.end()
    d?.end()
    expect(await Promise.all([c?.done, d?.done])).toEqual(['c', 'd'])
  })

  test('passes its turn on when it fails', async () => {
    const {started, begin} = openWork(new Concurrency(1, 10))
    const [a, b] = ['a', 'b'].map(begin)
    a?.fail()
    await expect(a?.done).rejects.toThrow('a')
    expect(started).toEqual(['a', 'b'])
    b?.end()
    await b?.done
    const c = begin('c')
    expect(started).toContain('c')
    c.end()
    await c.done
  })

  test('is full when all run that may, and all wait that may', async () => {
    const concurrency = new Concurrency(1, 2)
    const {begin} = openWork(concurrency)
    const works = []
    for (const name of ['a', 'b', 'c']) {
      expect(concurrency.isFull).toBe(false)
      works.push(begin(name))
    }
    expect(concurrency.isFull).toBe(true)
    works[0]?.end()
    await works[0]?.done
    expect(concurrency.isFull).toBe(false)
    for (const work of works) work.end()
    await Promise.all(works.map(({done}) => done))
  })

  test('is full at once where none may wait', () => {
    const concurrency = new Concurrency(1, 0)
    void openWork(concurrency).begin('a')
    expect(concurrency.isFull).toBe(true)
  })
})
