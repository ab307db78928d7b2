import {z} from 'zod'
import {accounts, LONGEST_TOKEN_SECONDS} from '../../core/contract/agent.ts'
import {refused} from '../limits/refusal.ts'

/** The claims of a token. None of them is verified before its signature is checked, or the API server has reviewed it. */
const claimsSchema = z.object({
  aud: z.union([z.string().transform(each => [each]), z.array(z.string())]),
  iat: z.number(),
  exp: z.number(),
  sub: z.string(),
})
type Claims = z.infer<typeof claimsSchema>

export interface Expected {
  readonly audience: string
  /** The namespace of the two accounts, which is also the agent's. */
  readonly namespace: string
  readonly longestChars: number
  /** Milliseconds since 1970. */
  readonly now: number
}

const AGAIN = 'Run the command again: kubectl npm asks the API server for a new token for each connection.'
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/
const SHOWN = 120

/**
 * The token of an `Authorization: Bearer` header.
 *
 * @param next what whoever shows none can do
 * @throws RefusedError `NO_TOKEN` when there is none
 */
export function bearerToken(
  header: string | undefined,
  next = 'Use kubectl npm: it asks the API server for a token for this agent.',
): string {
  if (header === undefined || header === '') throw refused('NO_TOKEN', 'no token was shown', next)
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1]
  if (token === undefined)
    throw refused('NO_TOKEN', 'the Authorization header holds no bearer token', 'Send it as: Authorization: Bearer TOKEN')
  return token
}

/**
 * Checks the claims of a token locally, so that a token which cannot be valid costs the API server nothing.
 *
 * @returns its claims, and until when the agent accepts it at the latest, in milliseconds since 1970
 * @throws RefusedError `BAD_TOKEN`, `TOKEN_TOO_OLD` or `WRONG_ACCOUNT`
 */
export function lookAtToken(token: string, expected: Expected): {claims: Claims; until: number} {
  const claims = claimsOf(token, expected.longestChars, AGAIN)
  checkAudience(claims.aud, expected.audience)
  accountOf(claims.sub, expected.namespace)
  return {claims, until: checkTimes(claims, expected.now)}
}

/**
 * Which of the two accounts a user is.
 *
 * @throws RefusedError `WRONG_ACCOUNT` when it is neither
 */
export function accountOf(username: string, namespace: string): keyof typeof accounts {
  for (const account of ['viewer', 'operator'] as const)
    if (username === `system:serviceaccount:${namespace}:${accounts[account]}`) return account
  throw refused(
    'WRONG_ACCOUNT',
    `the token belongs to ${username.slice(0, SHOWN)}; the agent serves ${accounts.viewer} and ${accounts.operator} of namespace ${namespace} only`,
    'Use kubectl npm: it asks for a token of one of these accounts, for which you need the right to create serviceaccounts/token there.',
  )
}

/**
 * What a token says of itself.
 *
 * @param next what whoever shows a bad one can do
 * @throws RefusedError `BAD_TOKEN` when it is no JSON Web Token with these claims
 */
export function claimsOf(token: string, longestChars: number, next: string): Claims {
  const bad = (message: string) => refused('BAD_TOKEN', message, next)
  if (token.length > longestChars) throw bad(`the token has more than ${longestChars} characters`)
  if (!JWT.test(token)) throw bad('the token is no JSON Web Token')
  let payload: unknown
  try {
    payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  } catch {
    throw bad('the token is no JSON Web Token: its second part is not JSON')
  }
  const claims = claimsSchema.safeParse(payload)
  if (!claims.success) throw bad('the token does not say for whom, of whom and until when it is')
  return claims.data
}

function checkAudience(audiences: readonly string[], own: string): void {
  // The plugin asks for one audience. What is good elsewhere, too, was not made for an agent.
  if (audiences.length === 1 && audiences[0] === own) return
  const [prefix] = own.split('/')
  const isOtherKey = audiences.length === 1 && audiences[0]?.startsWith(`${prefix}/`)
  const shown = audiences.join(', ').slice(0, SHOWN)
  throw isOtherKey
    ? refused(
        'BAD_TOKEN',
        `the token is for another key (${shown}): that of another node's agent, or of this one before it was restarted`,
        AGAIN,
      )
    : refused(
        'BAD_TOKEN',
        `the token is not for this agent alone but for ${shown === '' ? 'nobody' : shown}`,
        `Never show an agent a token that is good elsewhere. ${AGAIN}`,
      )
}

/** @returns until when the token is accepted, in milliseconds since 1970 */
function checkTimes({iat, exp}: Claims, now: number): number {
  const tooOld = (message: string) => refused('TOKEN_TOO_OLD', message, AGAIN)
  const minutes = LONGEST_TOKEN_SECONDS / 60
  if (exp - iat > LONGEST_TOKEN_SECONDS)
    throw tooOld(`the token was asked for with a life of ${Math.ceil((exp - iat) / 60)} minutes; the agent takes ${minutes}`)
  const until = Math.min(exp, iat + LONGEST_TOKEN_SECONDS) * 1000
  const clock = `by the clock of the node it is ${new Date(now).toISOString()}`
  if (now >= until) throw tooOld(`the token's ${minutes} minutes are over: ${clock}`)
  // A node whose clock is slow must not accept a token for longer than its lifetime.
  return Math.min(until, now + LONGEST_TOKEN_SECONDS * 1000)
}
