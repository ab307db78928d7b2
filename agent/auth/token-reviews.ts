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
import type {ReviewedUser} from './caller.ts'
import type {FieldSchemas} from './field-schemas.ts'
import {reviewFailed} from './review-failed.ts'
import type {SigningKeys} from './signing-keys.ts'

export const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews'
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

export interface TokenReviewsOptions {
  readonly api: ApiServer
  readonly keys: SigningKeys
  readonly limits: Limits
  /** What whoever shows a bad token can do. */
  readonly next: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A token to be reviewed. What it says of itself was looked at before. */
export interface ShownToken {
  readonly token: string
  /** That it must be for. Undefined: it must be for the API server. */
  readonly audience: string | undefined
  /** No answer about it is kept for longer, in milliseconds since 1970. */
  readonly until: number
}

type Reviewed = {readonly user: ReviewedUser} | {readonly error: RefusedError}

/** A key for caches that does not reveal the token. */
export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('base64url')

/**
 * Asks the API server whose a token is. It is asked only about tokens that it has signed itself, so forged ones keep nobody waiting.
 * Where the signature cannot be checked, such tokens share a few reviews a second by lot.
 */
export class TokenReviews {
  private readonly options: TokenReviewsOptions
  private readonly reviews: ExpiringCache<Reviewed>
  private readonly concurrency: Concurrency
  private readonly unchecked: Lottery

  constructor(options: TokenReviewsOptions) {
    const {limits, now} = options
    this.options = options
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
   * The user of a token.
   *
   * @param signal aborted when whoever shows the token is gone
   * @throws RefusedError `BAD_TOKEN`; `TOO_MANY` or `REVIEW_FAILED` when the API server could not be asked
   */
  async userOf(shown: ShownToken, signal?: AbortSignal): Promise<ReviewedUser> {
    const reviewed = await this.review(shown, hashOfToken(shown.token), signal)
    if ('error' in reviewed) throw reviewed.error
    return reviewed.user
  }

  private async review(shown: ShownToken, tokenHash: string, signal: AbortSignal | undefined): Promise<Reviewed> {
    if (this.reviews.has(tokenHash)) return this.reviews.get(tokenHash, () => this.asked(shown))
    const {keys, next} = this.options
    const signature = await keys.check(shown.token)
    if (signature === 'bad') throw refused('BAD_TOKEN', "the token is not signed with a key of the cluster's API server", next)
    const tooMany = () => refused('TOO_MANY', 'too many tokens are to be reviewed', 'Try again in some seconds.')
    if (signature === 'good') {
      if (!this.reviews.has(tokenHash) && this.concurrency.isFull) throw tooMany()
      return this.reviews.get(tokenHash, () => this.concurrency.run(() => this.asked(shown)))
    }
    return this.reviews.get(tokenHash, async () => {
      const answer = await this.unchecked.run(() => this.asked(shown), signal)
      if (!answer) throw tooMany()
      return answer
    })
  }

  private async asked(shown: ShownToken): Promise<ExpiringValue<Reviewed>> {
    const {limits, now} = this.options
    const value = await this.ask(shown)
    return {value, until: 'error' in value ? now() + limits.badReviewMs : Math.min(now() + limits.goodReviewMs, shown.until)}
  }

  private async ask({token, audience}: ShownToken): Promise<Reviewed> {
    const {api, limits, next} = this.options
    const body: Json<V1TokenReview> = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: {token, ...(audience !== undefined && {audiences: [audience]})},
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
    const bad = (message: string) => ({error: refused('BAD_TOKEN', message, next)})
    if (authenticated !== true || user?.username === undefined)
      return bad(`the API server does not accept the token: ${(error ?? 'it does not say why').slice(0, SHOWN_ERROR)}`)
    // Without this check a token for the API server itself, sent here by mistake, would be accepted.
    if (audience !== undefined && !audiences?.includes(audience))
      return bad('the API server does not say that the token is for this agent')
    return {user: {...user, username: user.username}}
  }
}
