import {describe, expect, test} from 'vitest'
import {takeTurn} from '../../../agent/node/turn.ts'

const LONG_MS = 120_000

/** Whether a turn has come, once all that is due has happened. */
async function hasCome(turn: Promise<unknown>): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<false>()
  setImmediate(() => resolve(false))
  return Promise.race([turn.then(() => true), promise])
}

describe('a turn', () => {
  test('comes in the order of asking, one at a time', async () => {
    const first = await takeTurn(['ipset'], LONG_MS)
    const second = takeTurn(['ipset'], LONG_MS)
    const third = takeTurn(['ipset'], LONG_MS)
    expect(await hasCome(second)).toBe(false)
    first?.()
    const endSecond = await second
    expect(await hasCome(third)).toBe(false)
    endSecond?.()
    ;(await third)?.()
  })

  test('of one program does not wait for another one', async () => {
    const end = await takeTurn(['ipset'], LONG_MS)
    ;(await takeTurn(['conntrack'], LONG_MS))?.()
    end?.()
  })

  test('of several programs waits for all of them, and they wait for it', async () => {
    const one = await takeTurn(['nft'], LONG_MS)
    const two = await takeTurn(['legacy'], LONG_MS)
    const both = takeTurn(['nft', 'legacy'], LONG_MS)
    const after = takeTurn(['nft'], LONG_MS)
    one?.()
    expect(await hasCome(both)).toBe(false)
    two?.()
    const end = await both
    expect(await hasCome(after)).toBe(false)
    end?.()
    ;(await after)?.()
  })

  test.each([['before'], ['while']])('that somebody left %s waiting is none, and does not hold up the next', async when => {
    const first = await takeTurn(['ipset'], LONG_MS)
    const abort = new AbortController()
    if (when === 'before') abort.abort()
    const left = takeTurn(['ipset'], LONG_MS, abort.signal)
    const next = takeTurn(['ipset'], LONG_MS)
    abort.abort()
    expect(await left).toBeUndefined()
    expect(await hasCome(next)).toBe(false)
    first?.()
    ;(await next)?.()
  })

  test('that does not come in time is none', async () => {
    const first = await takeTurn(['ipset'], LONG_MS)
    expect(await takeTurn(['ipset'], 1)).toBeUndefined()
    first?.()
    ;(await takeTurn(['ipset'], LONG_MS))?.()
  })
})
