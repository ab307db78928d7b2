import type {V1SubjectAccessReview, V1SubjectAccessReviewStatus} from '@kubernetes/client-node'
import {z} from 'zod'
import {accounts, operatorResources, RIGHTS_GROUP, type Right} from '../../core/contract/agent.ts'
import type {Json} from '../../core/kubernetes/api-types.ts'
import type {ApiServer} from '../kubernetes/api-server.ts'
import {Concurrency} from '../limits/concurrency.ts'
import {ExpiringCache} from '../limits/expiring-cache.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import type {Caller} from './caller.ts'
import type {FieldSchemas} from './field-schemas.ts'
import {reviewFailed} from './sign-in.ts'

export const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews'

const reviewSchema = z.object({
  status: z.object({
    allowed: z.boolean().optional(),
    denied: z.boolean().optional(),
    reason: z.string().optional(),
  } satisfies FieldSchemas<V1SubjectAccessReviewStatus>),
})

export interface RightsOptions {
  readonly api: ApiServer
  readonly namespace: string
  readonly node: string
  readonly limits: Limits
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Asks the API server with SubjectAccessReview what a caller may do, and caches the answers for some seconds. */
export class Rights {
  private readonly options: RightsOptions
  private readonly now: () => number
  private readonly answers: ExpiringCache<boolean>
  private readonly concurrency: Concurrency

  constructor(options: RightsOptions) {
    const {limits, now = Date.now} = options
    this.options = options
    this.now = now
    this.answers = new ExpiringCache(limits.rememberedReviews, now)
    this.concurrency = new Concurrency(limits.reviews, limits.waitingReviews)
  }

  /**
   * Checks that a caller may do something with a resource of this node.
   *
   * @throws RefusedError `FORBIDDEN` when it may not; `TOO_MANY` or `REVIEW_FAILED` when the API server could not be asked
   */
  async demand(caller: Caller, right: Right): Promise<void> {
    if (caller.kind === 'root') return
    const {namespace, node} = this.options
    if (await this.isAllowed(caller, right)) return
    throw refused(
      'FORBIDDEN',
      `${caller.user.username} may not ${nameOf(right)} "${node}" in namespace ${namespace}`,
      caller.account === 'viewer' && operatorResources.includes(right.resource)
        ? `Only ${accounts.operator} may. Whoever has the Role kubectl-npm-operator in that namespace gets its tokens; an administrator gives it: kubectl create rolebinding NAME -n ${namespace} --role=kubectl-npm-operator --user=YOU`
        : `The Role ${accounts[caller.account]} in that namespace gives the right: apply the manifests again with kubectl npm install.`,
    )
  }

  private isAllowed(caller: Caller & {kind: 'account'}, right: Right): Promise<boolean> {
    const key = `${caller.tokenHash} ${right.verb} ${right.resource}`
    const {limits} = this.options
    if (!this.answers.has(key) && this.concurrency.isFull)
      throw refused('TOO_MANY', 'too many rights are to be reviewed', 'Try again in some seconds.')
    return this.answers.get(key, async () => {
      const value = await this.concurrency.run(async () => this.ask(caller, right))
      return {value, until: this.now() + (value ? limits.goodReviewMs : limits.deniedRightMs)}
    })
  }

  private async ask({user}: Caller & {kind: 'account'}, right: Right): Promise<boolean> {
    const {api, namespace, node, limits} = this.options
    const {username, ...identity} = user
    const resourceAttributes = {group: RIGHTS_GROUP, ...right, name: node, namespace}
    const body: Json<V1SubjectAccessReview> = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {resourceAttributes, user: username, ...identity},
    }
    const what = `whether ${username} may ${nameOf(right)}`
    let answer: unknown
    try {
      answer = await api.post(ACCESS_REVIEWS, body, AbortSignal.timeout(limits.reviewMs))
    } catch (error) {
      throw reviewFailed(what, error)
    }
    const review = reviewSchema.safeParse(answer)
    if (!review.success) throw reviewFailed(what, new Error('its answer is no SubjectAccessReview'))
    return review.data.status.allowed === true && review.data.status.denied !== true
  }
}

/** As RBAC has it: `create applies.npm.kubectl.io`. */
const nameOf = ({verb, resource}: Right): string => `${verb} ${resource}.${RIGHTS_GROUP}`
