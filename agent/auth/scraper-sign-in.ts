import {METRICS_AUDIENCE, type MetricsPath} from '../../core/contract/agent.ts'
import type {ApiServer} from '../kubernetes/api-server.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import {AccessReviews} from './access-reviews.ts'
import type {SigningKeys} from './signing-keys.ts'
import {bearerToken, claimsOf} from './token.ts'
import {hashOfToken, TokenReviews} from './token-reviews.ts'

const NEXT =
  'Scrape with the token of a service account that may get the path: ClusterRole kubectl-npm-metrics of manifests/monitoring gives the right.'

export interface ScraperSignInOptions {
  readonly api: ApiServer
  readonly keys: SigningKeys
  readonly limits: Limits
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Lets scrapers read metrics, as kube-rbac-proxy does: TokenReview, then SubjectAccessReview for the path. Beside tokens for the API server,
 * which Prometheus shows by itself, it takes those that are for metrics alone and of no use to anyone who catches them.
 */
export class ScraperSignIn {
  private readonly limits: Limits
  private readonly now: () => number
  private readonly tokens: TokenReviews
  private readonly rights: AccessReviews

  constructor({limits: usual, now = Date.now, ...options}: ScraperSignInOptions) {
    const limits: Limits = {...usual, goodReviewMs: usual.scraperReviewMs}
    this.limits = limits
    this.now = now
    this.tokens = new TokenReviews({...options, limits, now, next: NEXT})
    this.rights = new AccessReviews({...options, limits, now})
  }

  /**
   * Checks that whoever shows a token may read a page.
   *
   * @param header the value of `Authorization`
   * @param signal aborted when whoever shows the token is gone
   * @throws RefusedError `NO_TOKEN`, `BAD_TOKEN`, `TOKEN_TOO_OLD`, `WRONG_ACCOUNT` or `FORBIDDEN` for whom it is not for;
   *   `TOO_MANY` or `REVIEW_FAILED` when the API server could not be asked
   */
  async demand(header: string | undefined, path: MetricsPath, signal?: AbortSignal): Promise<void> {
    const token = bearerToken(header, NEXT)
    const {aud, exp, sub} = claimsOf(token, this.limits.tokenChars, NEXT)
    if (!sub.startsWith('system:serviceaccount:')) throw refused('WRONG_ACCOUNT', 'the token belongs to no service account', NEXT)
    const until = exp * 1000
    if (this.now() >= until) throw refused('TOKEN_TOO_OLD', "the token's time is over", NEXT)
    const audience = aud.includes(METRICS_AUDIENCE) ? METRICS_AUDIENCE : undefined
    const user = await this.tokens.userOf({token, audience, until}, signal)
    const nonResourceAttributes = {path, verb: 'get'}
    if (await this.rights.isAllowed({user, tokenHash: hashOfToken(token)}, {nonResourceAttributes}, `get ${path}`)) return
    throw refused('FORBIDDEN', `${user.username} may not get ${path}`, NEXT)
  }
}
