import {createHash} from 'node:crypto'
import type {V1TokenReview, V1TokenReviewStatus, V1UserInfo} from '@kubernetes/client-node'
import {z} from 'zod'
import type {Json} from '../../core/kubernetes/api-types.ts'
import type {ApiServer} from '../kubernetes/api-server.ts'
import {Concurrency} from '../limits/concurrency.ts'
import {ExpiringCache, type ExpiringValue} from '../limits/expiring-cache.ts'
import type {Limits} from '../limits/limits.ts'
import {Lottery} from '../limits/lottery.ts'
import {type RefusedError, refused} from '../limits/refusal.ts'
import type {Caller, ReviewedUser} from './caller.ts'
import type {FieldSchemas} from './field-schemas.ts'
import type {SigningKeys} from './signing-keys.ts'
import {accountOf, bearerToken, lookAtToken} from './token.ts'

export const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews'
const NODE_NAME_KEY = 'authentication.kubernetes.io/node-name'
const CREDENTIAL_KEY = 'authentication.kubernetes.io/credential-id'
const SHOWN_ERROR = 300

const reviewSchema = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    audiences: z.array(z.string()).nullish(),
    error: z.string().optional(),
    user: z
      .object({
        username: z.string().exactOptional(),
        uid: z.string().exactOptional(),
        groups: z.array(z.string()).exactOptional(),
        extra: z.record(z.string(), z.array(z.string())).exactOptional(),
      } satisfies FieldSchemas<V1UserInfo>)
      .optional(),
  } satisfies FieldSchemas<V1TokenReviewStatus>),
})

export interface SignInOptions {
  readonly api: ApiServer
  readonly keys: SigningKeys
  /** That of the agent's key: a token must be made for it. */
  readonly audience: string
  readonly namespace: string
  readonly node: string
  readonly limits: Limits
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

type Reviewed = {readonly user: ReviewedUser} | {readonly error: RefusedError}

/**
 * Authenticates tokens with TokenReview. The API server is asked only about tokens that it has signed itself, so forged ones keep
 * nobody waiting. Where the signature cannot be checked, such tokens share a few reviews a second by lot.
 */
export class SignIn {
  private readonly options: SignInOptions
  private readonly now: () => number
  private readonly reviews: ExpiringCache<Reviewed>
  private readonly concurrency: Concurrency
  private readonly unchecked: Lottery

  constructor(options: SignInOptions) {
    const {limits, now = Date.now} = options
    this.options = options
    this.now = now
    this.reviews = new ExpiringCache(limits.rememberedReviews, now)
    this.concurrency = new Concurrency(limits.reviews, limits.waitingReviews)
    this.unchecked = new Lottery({
      running: limits.uncheckedReviews,
      burst: limits.uncheckedBurst,
      perSecond: limits.uncheckedPerSecond,
      waiting: limits.waitingReviews,
    })
  }

  /**
   * The caller that a token authenticates.
   *
   * @param header the value of `Authorization`
   * @param signal aborted when whoever shows the token is gone
   * @throws RefusedError `NO_TOKEN`, `BAD_TOKEN`, `TOKEN_TOO_OLD` or `WRONG_ACCOUNT` for a token that is not accepted;
   *   `TOO_MANY` or `REVIEW_FAILED` when the API server could not be asked
   */
  async caller(header: string | undefined, signal?: AbortSignal): Promise<Caller> {
    const {audience, namespace, node, limits} = this.options
    const token = bearerToken(header)
    const {until} = lookAtToken(token, {audience, namespace, longestChars: limits.tokenChars, now: this.now()})
    const tokenHash = createHash('sha256').update(token).digest('base64url')
    const reviewed = await this.review(token, tokenHash, until, signal)
    if ('error' in reviewed) throw reviewed.error
    const {user} = reviewed
    const account = accountOf(user.username, namespace)
    const boundTo = user.extra?.[NODE_NAME_KEY]
    if (boundTo && !boundTo.includes(node))
      throw refused(
        'BAD_TOKEN',
        `the token is bound to node ${boundTo.join(', ')}, and this is ${node}`,
        'Ask for a token for this node.',
      )
    const credential = user.extra?.[CREDENTIAL_KEY]?.[0]
    return {kind: 'account', account, user, tokenHash, until, ...(credential !== undefined && {credential})}
  }

  private async review(token: string, tokenHash: string, until: number, signal: AbortSignal | undefined): Promise<Reviewed> {
    if (this.reviews.has(tokenHash)) return this.reviews.get(tokenHash, () => this.asked(token, until))
    const signature = await this.options.keys.check(token)
    if (signature === 'bad')
      throw refused('BAD_TOKEN', "the token is not signed with a key of the cluster's API server", 'Run the command again.')
    const tooMany = () => refused('TOO_MANY', 'too many tokens are to be reviewed', 'Try again in some seconds.')
    if (signature === 'good') {
      if (!this.reviews.has(tokenHash) && this.concurrency.isFull) throw tooMany()
      return this.reviews.get(tokenHash, () => this.concurrency.run(() => this.asked(token, until)))
    }
    return this.reviews.get(tokenHash, async () => {
      const answer = await this.unchecked.run(() => this.asked(token, until), signal)
      if (!answer) throw tooMany()
      return answer
    })
  }

  private async asked(token: string, until: number): Promise<ExpiringValue<Reviewed>> {
    const {limits} = this.options
    const value = await this.ask(token)
    const now = this.now()
    return {value, until: 'error' in value ? now + limits.badReviewMs : Math.min(now + limits.goodReviewMs, until)}
  }

  private async ask(token: string): Promise<Reviewed> {
    const {api, audience, limits} = this.options
    const body: Json<V1TokenReview> = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: {token, audiences: [audience]},
    }
    let answer: unknown
    try {
      answer = await api.post(TOKEN_REVIEWS, body, AbortSignal.timeout(limits.reviewMs))
    } catch (error) {
      throw reviewFailed('who shows the token', error)
    }
    const review = reviewSchema.safeParse(answer)
    if (!review.success) throw reviewFailed('who shows the token', new Error('its answer is no TokenReview'))
    const {authenticated, audiences, error, user} = review.data.status
    const bad = (message: string) => ({error: refused('BAD_TOKEN', message, 'Run the command again.')})
    if (authenticated !== true || user?.username === undefined)
      return bad(`the API server does not accept the token: ${(error ?? 'it does not say why').slice(0, SHOWN_ERROR)}`)
    // Without this check a token for the API server itself, sent here by mistake, would be accepted.
    if (!audiences?.includes(audience)) return bad('the API server does not say that the token is for this agent')
    return {user: {...user, username: user.username}}
  }
}

/** The refusal when the API server could not be asked: without its answer nobody is let in. */
export function reviewFailed(what: string, error: unknown): RefusedError {
  const reason = error instanceof Error && error.name !== 'TimeoutError' ? error.message : 'it did not answer in time'
  return refused(
    'REVIEW_FAILED',
    `the API server could not be asked ${what}: ${reason}`,
    'Try again. On the node itself, as root, kubectl npm --local needs no API server.',
  )
}
