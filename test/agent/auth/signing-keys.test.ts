import {describe, expect, test} from 'vitest'
import {SigningKeys} from '../../../agent/auth/signing-keys.ts'
import {limits} from '../../../agent/limits/limits.ts'
import {FakeReviews, madeToken, makeSigner} from '../../support/agent/fake-reviews.ts'

const OWN = 'npm-agent/own-key'

function openKeys() {
  const api = new FakeReviews()
  const clock = {now: 1_000_000}
  const lines: string[] = []
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const log = {info: note, warn: note, error: note, audit: note}
  const keys = new SigningKeys({api, limits, log, now: () => clock.now})
  const refuse = (reason = 'was refused with 403') => {
    api.keysFault = async () => {
      throw new Error(reason)
    }
  }
  return {api, clock, lines, keys, refuse, good: () => api.give({audience: OWN}), forged: () => madeToken({audience: OWN})}
}

describe('the keys of the API server', () => {
  test('are fetched once, when the first token comes, however many come', async () => {
    const {api, keys, good, forged} = openKeys()
    const tokens = Array.from({length: 50}, (_, index) => (index % 2 === 0 ? good() : forged()))
    const found = await Promise.all(tokens.map(token => keys.check(token)))
    expect(found).toEqual(tokens.map((_, index) => (index % 2 === 0 ? 'good' : 'bad')))
    expect(api.keyFetches).toBe(1)
    expect(keys.failure).toBeUndefined()
  })

  test('are asked for again when a token names another one, but not again and again', async () => {
    const {api, clock, keys, good} = openKeys()
    await keys.check(good())
    const unknown = makeSigner('key-2')
    const flood = () => Promise.all(Array.from({length: 100}, () => keys.check(madeToken({audience: OWN}, Date.now(), unknown))))
    for (let ms = 0; ms < 10_000; ms += 100) {
      clock.now += 100
      expect(new Set(await flood())).toEqual(new Set(['unknown']))
    }
    expect(api.keyFetches).toBe(1 + 10_000 / limits.keyPauseMs)
    expect(await keys.check(good())).toBe('good')
  })

  test('may change: tokens of the new one are good some seconds later at the latest', async () => {
    const {api, clock, keys, good} = openKeys()
    const before = good()
    expect(await keys.check(before)).toBe('good')
    api.signer = makeSigner('key-2')
    clock.now += limits.keyPauseMs
    expect(await keys.check(good())).toBe('good')
    expect(await keys.check(before)).toBe('unknown')
  })

  test('that were withdrawn are forgotten after a while, and nobody waits for that', async () => {
    const {api, clock, keys, good} = openKeys()
    const before = good()
    await keys.check(before)
    api.signer = makeSigner('key-2')
    clock.now += limits.keysMs + 1
    expect(await keys.check(before)).toBe('good')
    await expect.poll(() => keys.check(before)).toBe('unknown')
  })

  test('stay good while the API server is away', async () => {
    const {api, clock, keys, good, forged, refuse} = openKeys()
    await keys.check(good())
    refuse('connect ECONNREFUSED')
    clock.now += limits.keysMs + 1
    expect(await keys.check(good())).toBe('good')
    expect(await keys.check(forged())).toBe('bad')
    expect(api.keyFetches).toBe(2)
    expect(keys.failure).toBeUndefined()
  })

  test.each<{name: string; fault: () => Promise<unknown>; says: RegExp}>([
    {name: 'are refused', fault: async () => Promise.reject(new Error('was refused with 403')), says: /403/},
    {name: 'are none', fault: async () => ({keys: []}), says: /names no key/},
    {name: 'are all of a kind that is not known', fault: async () => ({keys: [{kty: 'oct', kid: 'k'}]}), says: /names no key/},
    {name: 'are something else', fault: async () => ({kind: 'Status'}), says: /./},
  ])('that $name make every signature unknown, which is said once', async ({fault, says}) => {
    const {api, clock, lines, keys, good} = openKeys()
    api.keysFault = fault
    for (let tries = 0; tries < 20; tries++) {
      expect(await keys.check(good())).toBe('unknown')
      clock.now += limits.longestKeyPauseMs
    }
    expect(keys.failure).toMatch(says)
    expect(lines).toEqual([expect.stringMatching(/^Signatures of tokens cannot be checked here/)])
    api.keysFault = undefined
    expect(await keys.check(good())).toBe('good')
    expect(keys.failure).toBeUndefined()
    expect(lines[1]).toMatch(/^Signatures of tokens are checked again/)
  })

  test('that are refused are asked for less and less often', async () => {
    const {api, clock, keys, good, refuse} = openKeys()
    refuse()
    for (let second = 0; second < 600; second++) {
      clock.now += 1000
      await keys.check(good())
    }
    expect(api.keyFetches).toBeGreaterThan(10)
    expect(api.keyFetches).toBeLessThan(20)
  })

  test('are not asked for because of a token that no API server makes', async () => {
    const {api, keys} = openKeys()
    for (const token of ['a.b.c', 'abc', '', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`])
      expect(await keys.check(token)).toBe('bad')
    expect(api.keyFetches).toBe(0)
  })
})
