import {generateKeyPairSync, type KeyObject, randomBytes, sign} from 'node:crypto'
import {ACCESS_REVIEWS} from '../../../agent/auth/access-reviews.ts'
import type {ReviewedUser} from '../../../agent/auth/caller.ts'
import {KEY_SET} from '../../../agent/auth/signing-keys.ts'
import {TOKEN_REVIEWS} from '../../../agent/auth/token-reviews.ts'
import type {ApiServer} from '../../../agent/kubernetes/api-server.ts'

export const NAMESPACE = 'kubectl-npm'
export const NODE = 'bakery-1'
/** That of tokens for the API server itself. */
export const API_AUDIENCE = 'https://kubernetes.default.svc'

export interface TokenFacts {
  readonly audience: string
  readonly account?: string
  /** Seconds from now. */
  readonly issued?: number
  readonly life?: number
  readonly extra?: ReviewedUser['extra']
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The key that a token names and is signed with. */
export interface Signer {
  readonly kid: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export const makeSigner = (kid = 'key-1'): Signer => ({kid, ...generateKeyPairSync('ec', {namedCurve: 'P-256'})})

/** A token as the API server makes them. @param signer without one it is forged: its signature is noise */
export function madeToken(
  {audience, account = 'npm-viewer', issued = 0, life = 600}: TokenFacts,
  now = Date.now(),
  signer?: Signer,
): string {
  const iat = Math.floor(now / 1000) + issued
  const sub = account.includes(':') ? account : `system:serviceaccount:${NAMESPACE}:${account}`
  const claims = {aud: [audience], iat, nbf: iat, exp: iat + life, sub, iss: 'https://api', jti: randomBytes(16).toString('hex')}
  const content = [encode({alg: 'ES256', kid: signer?.kid ?? 'key-1'}), encode(claims)].join('.')
  const signature = signer
    ? sign('sha256', Buffer.from(content), {key: signer.privateKey, dsaEncoding: 'ieee-p1363'})
    : randomBytes(64)
  return `${content}.${signature.toString('base64url')}`
}

interface TokenReview {
  readonly spec: {readonly token: string; readonly audiences?: readonly string[]}
}
interface AccessReview {
  readonly spec: {
    readonly user: string
    readonly uid?: string
    readonly groups?: readonly string[]
    readonly extra?: ReviewedUser['extra']
    readonly resourceAttributes?: Readonly<Record<string, string>>
    readonly nonResourceAttributes?: {readonly path: string; readonly verb: string}
  }
}

/** An API server that knows the tokens it gave out, and answers the two reviews as a real one does. */
export class FakeReviews implements ApiServer {
  readonly tokenReviews: TokenReview[] = []
  readonly accessReviews: AccessReview[] = []
  /** Resources that the two accounts may read. */
  readonly rights = new Set(['status', 'dumps', 'drifts'])
  /** What npm-operator may besides. */
  readonly operatorRights = new Set(['get flows', 'create applies'])
  /** Users that may get the paths of metrics. */
  readonly scrapers = new Set(['system:serviceaccount:monitoring:prometheus'])
  /** Throws, waits or answers in place of the server. */
  fault: ((path: string) => Promise<unknown>) | undefined
  /** The same for its keys. */
  keysFault: (() => Promise<unknown>) | undefined
  /** Signs tokens. Put another one here, and the API server has changed its key. */
  signer = makeSigner()
  /** How often its keys were asked for. */
  keyFetches = 0
  private readonly given = new Map<string, ReviewedUser>()

  /** A token that is good here. */
  give(facts: TokenFacts, now?: number): string {
    const token = madeToken(facts, now, this.signer)
    const {account = 'npm-viewer', extra = {}} = facts
    this.given.set(token, {
      username: account.includes(':') ? account : `system:serviceaccount:${NAMESPACE}:${account}`,
      uid: `uid-${account}`,
      groups: ['system:serviceaccounts', 'system:authenticated'],
      extra: {'authentication.kubernetes.io/credential-id': [`JTI=${this.given.size}`], ...extra},
    })
    return token
  }

  /** From now on the token is as bad as that of a deleted account. */
  takeBack(token: string): void {
    this.given.delete(token)
  }

  async get(path: string): Promise<unknown> {
    if (path !== KEY_SET) throw new Error('nothing else is to be read')
    this.keyFetches++
    const {kid, publicKey} = this.signer
    return (await this.keysFault?.()) ?? {keys: [{use: 'sig', kid, alg: 'ES256', ...publicKey.export({format: 'jwk'})}]}
  }

  lines(): AsyncIterable<string> {
    throw new Error('nothing is to be watched')
  }

  async post(path: string, body: unknown): Promise<unknown> {
    const fault = this.fault?.(path)
    if (path === TOKEN_REVIEWS) this.tokenReviews.push(body as TokenReview)
    else this.accessReviews.push(body as AccessReview)
    return (await fault) ?? (path === ACCESS_REVIEWS ? this.access(body as AccessReview) : this.token(body as TokenReview))
  }

  private token({spec}: TokenReview): unknown {
    const user = this.given.get(spec.token)
    const claims = JSON.parse(Buffer.from(spec.token.split('.')[1] ?? '', 'base64url').toString()) as {aud: string[]}
    // Without audiences the API server means itself.
    const {audiences = [API_AUDIENCE]} = spec
    const isMeant = claims.aud.some(each => audiences.includes(each))
    return user && isMeant
      ? {status: {authenticated: true, audiences: spec.audiences, user}}
      : {status: {user: {}, error: '[invalid bearer token, serviceaccounts "tmp" not found]'}}
  }

  private access({spec}: AccessReview): unknown {
    if (spec.nonResourceAttributes) {
      const {path, verb} = spec.nonResourceAttributes
      return {status: {allowed: verb === 'get' && /^\/(?:node|cluster)-metrics$/.test(path) && this.scrapers.has(spec.user)}}
    }
    const {verb = '', resource = ''} = spec.resourceAttributes ?? {}
    const isOperator = spec.user.endsWith(':npm-operator')
    const allowed =
      (verb === 'get' && this.rights.has(resource)) || (isOperator && this.operatorRights.has(`${verb} ${resource}`))
    return {status: {allowed, ...(allowed && {reason: 'RBAC: allowed by RoleBinding'})}}
  }
}
