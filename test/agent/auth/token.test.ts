import {describe, expect, test} from 'vitest'
import {bearerToken, lookAtToken} from '../../../agent/auth/token.ts'
import {limits} from '../../../agent/limits/limits.ts'
import type {RefusedError} from '../../../agent/limits/refusal.ts'
import {madeToken, NAMESPACE, type TokenFacts} from '../../support/agent/fake-reviews.ts'

const OWN = 'npm-agent/own-key'
const NOW = Date.parse('2026-11-27T08:00:00Z')
const MINUTES = 60

const look = (token: string) =>
  lookAtToken(token, {audience: OWN, namespace: NAMESPACE, longestChars: limits.tokenChars, now: NOW})

function refusalOf(work: () => unknown): {code: string; message: string} {
  try {
    work()
  } catch (error) {
    return (error as RefusedError).refusal
  }
  throw new Error('it was not refused')
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('looking at a token, before anybody is asked', () => {
  test.each<{name: string; facts: Partial<TokenFacts>; minutes: number}>([
    {name: 'new', facts: {}, minutes: 10},
    {name: 'nine minutes old', facts: {issued: -9 * MINUTES}, minutes: 1},
    {name: 'for the operator', facts: {account: 'npm-operator'}, minutes: 10},
    {name: 'shorter than it could be', facts: {life: 5 * MINUTES}, minutes: 5},
    {name: 'of a server whose clock is ahead', facts: {issued: 2 * MINUTES}, minutes: 10},
  ])('a token that is $name is good for $minutes minutes', ({facts, minutes}) => {
    expect(look(madeToken({audience: OWN, ...facts}, NOW)).until - NOW).toBe(minutes * MINUTES * 1000)
  })

  test.each<{name: string; token: string; code: string; says: RegExp}>([
    {name: 'no JSON Web Token', token: 'secret', code: 'BAD_TOKEN', says: /no JSON Web Token/},
    {name: 'of two parts', token: 'abc.def', code: 'BAD_TOKEN', says: /no JSON Web Token/},
    {name: 'in three parts, none of them JSON', token: 'abc.def.ghi', code: 'BAD_TOKEN', says: /not JSON/},
    {name: 'with a payload of null', token: `a.${encode(null)}.b`, code: 'BAD_TOKEN', says: /for whom/},
    {name: 'without times', token: `a.${encode({aud: OWN, sub: 'x'})}.b`, code: 'BAD_TOKEN', says: /until when/},
    {name: 'too long', token: `a.${'b'.repeat(10_000)}.c`, code: 'BAD_TOKEN', says: /more than 8192 characters/},
    {
      name: "for another agent's key",
      token: madeToken({audience: 'npm-agent/other-key'}, NOW),
      code: 'BAD_TOKEN',
      says: /for another key \(npm-agent\/other-key\)/,
    },
    {
      name: 'for the API server',
      token: madeToken({audience: 'https://api'}, NOW),
      code: 'BAD_TOKEN',
      says: /but for https:\/\/api/,
    },
    {
      name: 'for this agent and for the API server',
      token: `a.${encode({aud: [OWN, 'https://api'], iat: 0, exp: 1, sub: 'x'})}.b`,
      code: 'BAD_TOKEN',
      says: /not for this agent alone but for npm-agent\/own-key, https:\/\/api/,
    },
    {
      name: 'for this agent twice',
      token: `a.${encode({aud: [OWN, OWN], iat: 0, exp: 1, sub: 'x'})}.b`,
      code: 'BAD_TOKEN',
      says: /not for this agent alone/,
    },
    {
      name: 'for nobody',
      token: `a.${encode({aud: [], iat: 0, exp: 1, sub: 'x'})}.b`,
      code: 'BAD_TOKEN',
      says: /but for nobody/,
    },
    {
      name: 'expired',
      token: madeToken({audience: OWN, issued: -601}, NOW),
      code: 'TOKEN_TOO_OLD',
      says: /10 minutes are over: by the clock of the node it is 2026-11-27T08:00:00/,
    },
    {
      name: 'asked for with a longer life',
      token: madeToken({audience: OWN, life: 3600}, NOW),
      code: 'TOKEN_TOO_OLD',
      says: /life of 60 minutes; the agent takes 10/,
    },
    {
      name: 'asked for with one second more',
      token: madeToken({audience: OWN, life: 601}, NOW),
      code: 'TOKEN_TOO_OLD',
      says: /the agent takes 10/,
    },
    {
      name: 'of another account',
      token: madeToken({audience: OWN, account: 'npm-agent'}, NOW),
      code: 'WRONG_ACCOUNT',
      says: /system:serviceaccount:kubectl-npm:npm-agent/,
    },
    {
      name: 'of an account of that name in another namespace',
      token: madeToken({audience: OWN, account: 'system:serviceaccount:default:npm-viewer'}, NOW),
      code: 'WRONG_ACCOUNT',
      says: /default:npm-viewer/,
    },
  ])('a token that is $name is refused', ({token, code, says}) => {
    const refusal = refusalOf(() => look(token))
    expect(refusal.code).toBe(code)
    expect(refusal.message).toMatch(says)
  })

  test('nothing that a refusal says holds the token', () => {
    const token = madeToken({audience: 'npm-agent/other-key'}, NOW)
    expect(JSON.stringify(refusalOf(() => look(token)))).not.toContain(token.split('.')[2])
  })

  test.each<{header: string | undefined; token: string | undefined}>([
    {header: undefined, token: undefined},
    {header: '', token: undefined},
    {header: 'Basic abc', token: undefined},
    {header: 'Bearer a b', token: undefined},
    {header: 'Bearer a.b.c', token: 'a.b.c'},
    {header: 'bearer  a.b.c ', token: 'a.b.c'},
  ])('the header "$header" holds the token $token', ({header, token}) => {
    if (token === undefined) expect(refusalOf(() => bearerToken(header)).code).toBe('NO_TOKEN')
    else expect(bearerToken(header)).toBe(token)
  })
})
