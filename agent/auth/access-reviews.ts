import type {V1SubjectAccessReview, V1SubjectAccessReviewSpec, V1SubjectAccessReviewStatus} from '@kubernetes/client-node'
import {z} from 'zod'
import type {Json} from '../../core/kubernetes/api-types.ts'
import type {ApiServer} from '../kubernetes/api-server.ts'
import {Concurrency} from '../limits/concurrency.ts'
import {ExpiringCache} from '../limits/expiring-cache.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import type {ReviewedUser} from './caller.ts'
import type {FieldSchemas} from './field-schemas.ts'
import {reviewFailed} from './review-failed.ts'

export const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'

const reviewSchema = z.object({
  status: z.object({
    allowed: z.boolean().optional(),
    denied: z.boolean().optional(),
    reason: z.string().optional(),
  } satisfies FieldSchemas<V1SubjectAccessReviewStatus>),
})

export interface AccessReviewsOptions {
  readonly api: ApiServer
  readonly limits: Limits
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/** What somebody wants to do: with a resource, or at a path. */
export type Attributes = Pick<Json<V1SubjectAccessReviewSpec>, 'resourceAttributes' | 'nonResourceAttributes'>

/** Who asks. */
export interface Asking {
  readonly user: ReviewedUser
  readonly tokenHash: string
}

/** Asks the API server with SubjectAccessReview what a user may do, and caches the answers for some seconds. */
export class AccessReviews {
  private readonly options: AccessReviewsOptions
  private readonly now: () => number
  private readonly answers: ExpiringCache<boolean>
  private readonly concurrency: Concurrency

  constructor(options: AccessReviewsOptions) {
    const {limits, now = Date.now} = options
    this.options = options
    this.now = now
    this.answers = new ExpiringCache(limits.rememberedReviews, now)
    this.concurrency = new Concurrency(limits.reviews, limits.waitingReviews)
  }

  /**
   * @param what it is, as a person would say it: `get dumps.npm.kubectl.io`
   * @throws RefusedError `TOO_MANY` or `REVIEW_FAILED` when the API server could not be asked
   */
  isAllowed({user, tokenHash}: Asking, attributes: Attributes, what: string): Promise<boolean> {
    const key = `${tokenHash} ${what}`
    const {limits} = this.options
    if (!this.answers.has(key) && this.concurrency.isFull)
      throw refused('TOO_MANY', 'too many rights are to be reviewed', 'Try again in some seconds.')
    return this.answers.get(key, async () => {
      const value = await this.concurrency.run(async () => this.ask(user, attributes, what))
      return {value, until: this.now() + (value ? limits.goodReviewMs : limits.deniedRightMs)}
    })
  }

  private async ask(user: ReviewedUser, attributes: Attributes, what: string): Promise<boolean> {
    const {api, limits} = this.options
    const {username, ...identity} = user
    const body: Json<V1SubjectAccessReview> = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {...attributes, user: username, ...identity},
    }
    const question = `whether ${username} may ${what}`
    let answer: unknown
    try {
      answer = await api.post(ACCESS_REVIEWS, body, AbortSignal.timeout(limits.reviewMs))
    } catch (error) {
      throw reviewFailed(question, error)
    }
    const review = reviewSchema.safeParse(answer)
    if (!review.success) throw reviewFailed(question, new Error('its answer is no SubjectAccessReview'))
    return review.data.status.allowed === true && review.data.status.denied !== true
  }
}
