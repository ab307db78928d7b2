import type {ApiServer} from '../kubernetes/api-server.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import type {Caller} from './caller.ts'
import type {SigningKeys} from './signing-keys.ts'
import {accountOf, bearerToken, lookAtToken} from './token.ts'
import {hashOfToken, TokenReviews} from './token-reviews.ts'

const NODE_NAME_KEY = 'authentication.kubernetes.io/node-name'
const CREDENTIAL_KEY = 'authentication.kubernetes.io/credential-id'

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

/** Authenticates the tokens of clients with TokenReview. */
export class SignIn {
  private readonly options: SignInOptions
  private readonly now: () => number
  private readonly reviews: TokenReviews

  constructor(options: SignInOptions) {
    const {now = Date.now} = options
    this.options = options
    this.now = now
    this.reviews = new TokenReviews({...options, now, next: 'Run the command again.'})
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
    const user = await this.reviews.userOf({token, audience, until}, signal)
    const account = accountOf(user.username, namespace)
    const boundTo = user.extra?.[NODE_NAME_KEY]
    if (boundTo && !boundTo.includes(node))
      throw refused(
        'BAD_TOKEN',
        `the token is bound to node ${boundTo.join(', ')}, and this is ${node}`,
        'Ask for a token for this node.',
      )
    const credential = user.extra?.[CREDENTIAL_KEY]?.[0]
    const tokenHash = hashOfToken(token)
    return {kind: 'account', account, user, tokenHash, until, ...(credential !== undefined && {credential})}
  }
}
