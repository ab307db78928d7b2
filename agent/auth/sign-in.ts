import {createHash} from 'node:crypto'
import type {V1TokenReview, V1TokenReviewStatus, V1UserInfo} from '@kubernetes/client-node'
import {z} from 'zod'
import type {Json} from '../../core/kubernetes/api-types.ts'
import type {ApiServer} from '../kubernetes/api-server.ts'
import {Concurrency} from '../limits/concurrency.ts'
import {ExpiringCache} from '../limits/expiring-cache.ts'
import type {Limits} from '../limits/limits.ts'
import {RateLimit} from '../limits/rate-limit.ts'
import {type RefusedError, refused} from '../limits/refusal.ts'
import type {Caller, ReviewedUser} from './caller.ts'
import type {FieldSchemas} from './field-schemas.ts'
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
  /** That of the agent's key: a token must be made for it. */
  readonly audience: string
  readonly namespace: string
  readonly node: string
  readonly limits: Limits
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

type Reviewed = {readonly user: ReviewedUser} | {readonly error: RefusedError}

/** Authenticates tokens with TokenReview, and limits how often the API server is asked. */
export class SignIn {
  private readonly options: SignInOptions
  private readonly now: () => number
  private readonly reviews: ExpiringCache<Reviewed>
  private readonly concurrency: Concurrency
  private readonly badTokens: RateLimit

  constructor(options: SignInOptions) {
    const {limits, now = Date.now} = options
    this.options = options
    this.now = now
    this.reviews = new ExpiringCache(limits.rememberedReviews, now)
    this.concurrency = new Concurrency(limits.reviews, limits.waitingReviews)
    this.badTokens = new RateLimit(limits.badTokens, limits.badTokensPerSecond)
  }

  /**
   * The caller that a token authenticates.
   *
   * @param header the value of `Authorization`
   * @throws RefusedError `NO_TOKEN`, `BAD_TOKEN`, `TOKEN_TOO_OLD` or `WRONG_ACCOUNT` for a token that is not accepted;
   *   `TOO_MANY` or `REVIEW_FAILED` when the API server could not be asked
   */
  async caller(header: string | undefined): Promise<Caller> {
    const {audience, namespace, node, limits} = this.options
    const token = bearerToken(header)
    const {until} = lookAtToken(token, {audience, namespace, longestChars: limits.tokenChars, now: this.now()})
    const tokenHash = createHash('sha256').update(token).digest('base64url')
    const reviewed = await this.review(token, tokenHash, until)
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

  private async review(token: string, tokenHash: string, until: number): Promise<Reviewed> {
    const {limits} = this.options
    const tooMany = () =>
      refused('TOO_MANY', 'too many tokens are to be reviewed, many of them bad', 'Try again in some seconds.')
    if (!this.reviews.has(tokenHash) && this.concurrency.isFull) throw tooMany()
    return this.reviews.get(tokenHash, () =>
      this.concurrency.run(async () => {
        if (!this.badTokens.has()) throw tooMany()
        const value = await this.ask(token)
        const now = this.now()
        if (!('error' in value)) return {value, until: Math.min(now + limits.goodReviewMs, until)}
        this.badTokens.take()
        return {value, until: now + limits.badReviewMs}
      }),
    )
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
