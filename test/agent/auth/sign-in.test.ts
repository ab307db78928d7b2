import {describe, expect, test} from 'vitest'
import {SignIn} from '../../../agent/auth/sign-in.ts'
import {SigningKeys} from '../../../agent/auth/signing-keys.ts'
import {limits} from '../../../agent/limits/limits.ts'
import type {RefusedError} from '../../../agent/limits/refusal.ts'
import {silentLog} from '../../../agent/log.ts'
import {FakeReviews, madeToken, makeSigner, NAMESPACE, NODE, type TokenFacts} from '../../support/agent/fake-reviews.ts'

const OWN = 'npm-agent/own-key'
const START = Date.parse('2026-11-27T08:00:00Z')

function openSignIn() {
  const api = new FakeReviews()
  const clock = {now: START}
  const now = () => clock.now
  const keys = new SigningKeys({api, limits, log: silentLog, now})
  const signIn = new SignIn({api, keys, audience: OWN, namespace: NAMESPACE, node: NODE, limits, now})
  return {
    api,
    clock,
    signIn,
    give: (facts: Partial<TokenFacts> = {}) => api.give({audience: OWN, ...facts}, clock.now),
    enter: (token: string) => signIn.caller(`Bearer ${token}`),
    refusal: async (token: string) => {
      try {
        await signIn.caller(`Bearer ${token}`)
      } catch (error) {
        return (error as RefusedError).refusal
      }
      throw new Error('it was let in')
    },
  }
}

describe('signing in', () => {
  test('asks the API server about our audience only, and believes what it says of the user', async () => {
    const {api, give, enter} = openSignIn()
    const token = give({account: 'npm-operator'})
    const caller = await enter(token)
    expect(api.tokenReviews.map(({spec}) => spec)).toEqual([{token, audiences: [OWN]}])
    expect(caller).toMatchObject({
      kind: 'account',
      account: 'operator',
      user: {username: `system:serviceaccount:${NAMESPACE}:npm-operator`, uid: 'uid-npm-operator'},
      credential: 'JTI=0',
      until: START + 600_000,
    })
    expect(JSON.stringify(caller)).not.toContain(token)
  })

  test.each<{name: string; status: object; says: RegExp}>([
    {name: 'is not authenticated', status: {error: 'invalid bearer token'}, says: /does not accept the token: invalid bearer/},
    {name: 'is of nobody', status: {authenticated: true, audiences: [OWN]}, says: /does not accept/},
    {
      name: 'was reviewed without regard to the audience',
      status: {authenticated: true, user: {username: `system:serviceaccount:${NAMESPACE}:npm-viewer`}},
      says: /does not say that the token is for this agent/,
    },
    {
      name: 'is for another audience',
      status: {authenticated: true, audiences: ['x'], user: {username: `system:serviceaccount:${NAMESPACE}:npm-viewer`}},
      says: /does not say that the token is for this agent/,
    },
  ])('a token that $name is refused, and not asked about again', async ({status, says}) => {
    const {api, clock, give, refusal} = openSignIn()
    const token = give()
    api.fault = async () => ({status})
    const {code, message} = await refusal(token)
    expect(code).toBe('BAD_TOKEN')
    expect(message).toMatch(says)
    clock.now += limits.badReviewMs - 1
    await refusal(token)
    expect(api.tokenReviews).toHaveLength(1)
    clock.now += 1
    api.fault = undefined
    await expect(refusal(token)).rejects.toThrow('it was let in')
  })

  test('a token whose account is another than it says itself is refused', async () => {
    const {api, give, refusal} = openSignIn()
    const token = give()
    api.fault = async () => ({status: {authenticated: true, audiences: [OWN], user: {username: 'alice'}}})
    expect(await refusal(token)).toMatchObject({code: 'WRONG_ACCOUNT'})
  })

  test('a token that is bound to a node is good there only', async () => {
    const {give, enter, refusal} = openSignIn()
    const boundTo = (node: string) => give({extra: {'authentication.kubernetes.io/node-name': [node]}})
    expect(await enter(boundTo(NODE))).toMatchObject({account: 'viewer'})
    expect(await refusal(boundTo('bakery-2'))).toMatchObject({
      code: 'BAD_TOKEN',
      message: 'the token is bound to node bakery-2, and this is bakery-1',
    })
  })

  test('a good token is asked about once in ten seconds, and once when it comes many times at once', async () => {
    const {api, clock, give, enter} = openSignIn()
    const token = give()
    await Promise.all(Array.from({length: 50}, () => enter(token)))
    expect(api.tokenReviews).toHaveLength(1)
    clock.now += limits.goodReviewMs
    await enter(token)
    expect(api.tokenReviews).toHaveLength(2)
  })

  test('a deleted account is out as soon as the memory of its review is over', async () => {
    const {api, clock, give, enter, refusal} = openSignIn()
    const token = give()
    await enter(token)
    api.takeBack(token)
    clock.now += limits.goodReviewMs
    expect(await refusal(token)).toMatchObject({code: 'BAD_TOKEN', message: expect.stringContaining('not found')})
  })

  test('what is remembered does not let an expired token in', async () => {
    const {clock, give, enter, refusal} = openSignIn()
    const token = give({life: 5})
    await enter(token)
    clock.now += 5000
    expect(await refusal(token)).toMatchObject({code: 'TOKEN_TOO_OLD'})
  })

  test('a thousand forged tokens are no review at all, and keep no good one out', async () => {
    const {api, refusal, enter, give} = openSignIn()
    const other = makeSigner('key-2')
    const codes: string[] = []
    for (let round = 0; round < 100; round++) {
      const forged = Array.from({length: 10}, (_, index) =>
        madeToken({audience: OWN}, START, index % 2 === 0 ? undefined : {...other, kid: 'key-1'}),
      )
      const refusals = Promise.all(forged.map(refusal))
      expect(await enter(give())).toMatchObject({account: 'viewer'})
      codes.push(...(await refusals).map(({code}) => code))
    }
    expect(new Set(codes)).toEqual(new Set(['BAD_TOKEN']))
    expect(api.tokenReviews).toHaveLength(100)
    expect(api.keyFetches).toBe(1)
  })

  test('tokens that name a key which is not there do not keep good ones out either', async () => {
    const {api, refusal, enter, give} = openSignIn()
    for (let round = 0; round < 20; round++) {
      const forged = Array.from({length: 100}, () => madeToken({audience: OWN}, START, makeSigner('key-2')))
      const refusals = Promise.all(forged.map(refusal))
      for (let good = 0; good < 5; good++) expect(await enter(give())).toMatchObject({account: 'viewer'})
      if (round > 0) continue
      expect(new Set((await refusals).map(({code}) => code))).toEqual(new Set(['BAD_TOKEN', 'TOO_MANY']))
    }
    expect(api.keyFetches).toBe(1)
    // The API server sees a few of them, and the good ones.
    expect(api.tokenReviews.length).toBeLessThan(100 + limits.uncheckedBurst + 10 * limits.uncheckedPerSecond)
  }, 30_000)

  test('where there are no keys, every token takes part in a draw, and whoever is gone does not', async () => {
    const {api, signIn, give, refusal} = openSignIn()
    api.keysFault = async () => {
      throw new Error('forbidden')
    }
    const forged = Array.from({length: 10}, () => refusal(madeToken({audience: OWN}, START)))
    expect(await signIn.caller(`Bearer ${give()}`)).toMatchObject({account: 'viewer'})
    expect(new Set((await Promise.all(forged)).map(({code}) => code))).toEqual(new Set(['BAD_TOKEN']))
    const gone = signIn.caller(`Bearer ${give()}`, AbortSignal.abort())
    await expect(gone).rejects.toMatchObject({refusal: {code: 'TOO_MANY'}})
    expect(api.tokenReviews).toHaveLength(11)
  })

  test('no more reviews are under way at once than may be', async () => {
    const {api, give, enter} = openSignIn()
    let running = 0
    let most = 0
    api.fault = async () => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setImmediate(resolve))
      running--
      return undefined
    }
    await Promise.all(Array.from({length: 40}, () => enter(give())))
    expect(api.tokenReviews).toHaveLength(40)
    expect(most).toBe(limits.reviews)
  })

  test.each<{name: string; fault: () => Promise<unknown>; says: RegExp}>([
    {
      name: 'is away',
      fault: async () => {
        throw new Error('connect ECONNREFUSED 10.0.0.1:443')
      },
      says: /could not be asked who shows the token: connect ECONNREFUSED/,
    },
    {name: 'answers with something else', fault: async () => ({kind: 'Status'}), says: /no TokenReview/},
    {
      name: 'does not answer',
      fault: async () => {
        throw new DOMException('The operation was aborted due to timeout', 'TimeoutError')
      },
      says: /did not answer in time/,
    },
  ])('nobody is let in while the API server $name, and everybody is when it is back', async ({fault, says}) => {
    const {api, give, enter, refusal} = openSignIn()
    const token = give()
    api.fault = fault
    const {code, message} = await refusal(token)
    expect(code).toBe('REVIEW_FAILED')
    expect(message).toMatch(says)
    api.fault = undefined
    expect(await enter(token)).toMatchObject({account: 'viewer'})
  })
})
