import {createPublicKey, type KeyObject, verify} from 'node:crypto'
import {z} from 'zod'

/**
 * How the API server may sign tokens of service accounts: with its own key (RS256 or one of ECDSA, by the key) or by an external
 * signer. No others are accepted: not `none`, and nothing that is signed with a shared secret.
 * Source: RFC 7518 section 3.1; https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 */
const ALGORITHMS: ReadonlyMap<string, {readonly hash: string; readonly type: 'rsa' | 'ec'; readonly curve?: string}> = new Map([
  ['RS256', {hash: 'sha256', type: 'rsa'}],
  ['RS384', {hash: 'sha384', type: 'rsa'}],
  ['RS512', {hash: 'sha512', type: 'rsa'}],
  ['ES256', {hash: 'sha256', type: 'ec', curve: 'prime256v1'}],
  ['ES384', {hash: 'sha384', type: 'ec', curve: 'secp384r1'}],
  ['ES512', {hash: 'sha512', type: 'ec', curve: 'secp521r1'}],
])

const headerSchema = z.object({
  alg: z.string(),
  kid: z.string().min(1),
  // Extensions that must be understood: none is.
  crit: z.undefined().optional(),
})

export interface TokenHeader {
  readonly alg: string
  /** Names the key. */
  readonly kid: string
}

/** A public key that the API server signs tokens with. */
export interface SigningKey {
  readonly kid: string
  /** Undefined where the API server does not say which one the key is for. */
  readonly alg: string | undefined
  readonly key: KeyObject
}

const keySchema = z.looseObject({
  kid: z.string().min(1),
  kty: z.enum(['RSA', 'EC']),
  use: z.literal('sig').exactOptional(),
  alg: z.string().optional(),
})

/** A cluster has one key, and two while it changes it. */
const MOST_KEYS = 100

/**
 * Reads the API server's JSON Web Key Set. Keys of other kinds are passed over.
 *
 * @throws Error when it is none
 * Source: RFC 7517
 */
export function parseKeySet(answer: unknown): SigningKey[] {
  const {keys} = z.object({keys: z.array(z.unknown())}).parse(answer)
  return keys.slice(0, MOST_KEYS).flatMap(each => {
    const {data} = keySchema.safeParse(each)
    if (!data) return []
    const {alg, ...key} = data
    try {
      return [{kid: data.kid, alg, key: createPublicKey({key, format: 'jwk'})}]
    } catch {
      return []
    }
  })
}

/** The header of a token. @returns undefined when no API server makes such a one */
export function tokenHeader(token: string): TokenHeader | undefined {
  try {
    const {data} = headerSchema.safeParse(JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString('utf8')))
    return data && ALGORITHMS.has(data.alg) ? data : undefined
  } catch {
    return undefined
  }
}

/** Whether the token was signed with one of the keys, by an algorithm that is the key's own. */
export function isSigned(token: string, {alg, kid}: TokenHeader, keys: readonly SigningKey[]): boolean {
  const algorithm = ALGORITHMS.get(alg)
  const end = token.lastIndexOf('.')
  if (!algorithm || end < 0) return false
  const content = Buffer.from(token.slice(0, end))
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  return keys.some(
    each =>
      each.kid === kid &&
      (each.alg ?? alg) === alg &&
      each.key.asymmetricKeyType === algorithm.type &&
      each.key.asymmetricKeyDetails?.namedCurve === algorithm.curve &&
      verify(algorithm.hash, content, {key: each.key, dsaEncoding: 'ieee-p1363'}, signature),
  )
}
