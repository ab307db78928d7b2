import {fnv1a32, type Scheme, sha256Integer} from '../../names/hash.ts'
import type {Direction} from '../../names/kernel-name.ts'
import {directionChains, v1RuleChains} from './chain-names.ts'

/** Names of policies' own chains in NPM v2, one for each direction. */

const DIGEST_LENGTH = 10
const MODULUS = 36n ** BigInt(DIGEST_LENGTH)

/**
 * The name of a policy's chain in one direction. Both directions share the digest.
 *
 * @param policy `namespace/name`
 */
export const policyChainName = (policy: string, direction: Direction, scheme: Scheme): string =>
  chainOfDigest(policyDigest(policy, scheme), direction)

/**
 * The digest of a policy in the names of its chains. The SHA-256 form is reduced to ten digits of base 36.
 *
 * @param policy `namespace/name`
 */
export const policyDigest = (policy: string, scheme: Scheme): string =>
  scheme === 'fnv32a' ? String(fnv1a32(policy)) : (sha256Integer(policy) % MODULUS).toString(36).padStart(DIGEST_LENGTH, '0')

/**
 * The name of a policy's chain with a given digest.
 *
 * @param digest the policy's digest, or another text in its place
 */
export const chainOfDigest = (digest: string, direction: Direction): string => `${directionChains[direction]}-${digest}`

/** The name of a policy's chain in a direction, from the name of its ingress chain. */
export const siblingChain = (ingress: string, direction: Direction): string =>
  directionChains[direction] + ingress.slice(directionChains.Ingress.length)

/** The form of a policy chain's name. The first group is set for ingress; the second is the digest. */
const POLICY_CHAIN = new RegExp(`^(?:(${directionChains.Ingress})|${directionChains.Egress})-(\\d{1,10}|[0-9a-z]{10})$`)

/**
 * Reads the direction and the possible hash schemes from a policy chain's name. Ten decimal digits fit both schemes; only
 * hashing the policy decides between them.
 *
 * @returns undefined if the name is not a policy chain's
 */
export function policyChain(chain: string): {direction: Direction; schemes: Scheme[]} | undefined {
  const parts = POLICY_CHAIN.exec(chain)
  if (!parts) return undefined
  const digest = parts[2] as string
  const possible: Scheme[] = []
  if (/^\d+$/.test(digest)) possible.push('fnv32a')
  if (digest.length === DIGEST_LENGTH) possible.push('sha256')
  return {direction: parts[1] === undefined ? 'Egress' : 'Ingress', schemes: possible}
}

/** Whether a policy hashes to a chain's name, under one of the chain's possible schemes. */
export function policyFitsChain(
  policy: string,
  chain: {name: string; direction: Direction; schemes: readonly Scheme[]},
): boolean {
  return chain.schemes.some(scheme => policyChainName(policy, chain.direction, scheme) === chain.name)
}

const directions = new Map<string, Direction>(
  (['Ingress', 'Egress'] as const).flatMap(direction =>
    [directionChains[direction], ...Object.values(v1RuleChains[direction])].map(chain => [chain, direction]),
  ),
)

/** The only direction whose packets a chain of Azure NPM concerns; undefined for one that packets of both meet. */
export const chainDirection = (chain: string): Direction | undefined => policyChain(chain)?.direction ?? directions.get(chain)
