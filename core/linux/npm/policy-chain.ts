import {fnv1a32, type Scheme, sha256Integer} from '../../names/hash.ts'
import type {Direction} from '../../names/kernel-name.ts'
import {directionChains} from './chain-names.ts'

/** Names of the chains that NPM v2 gives each policy, one for a direction. */

const DIGEST_LENGTH = 10
const MODULUS = 36n ** BigInt(DIGEST_LENGTH)

/**
 * The iptables chain of one policy and direction. Both directions share the digest.
 *
 * @param policy `namespace/name`
 */
export const policyChainName = (policy: string, direction: Direction, scheme: Scheme): string =>
  chainOfDigest(policyDigest(policy, scheme), direction)

/**
 * What stands for a policy in the names of its chains.
 *
 * @param policy `namespace/name`
 */
export const policyDigest = (policy: string, scheme: Scheme): string =>
  scheme === 'fnv32a' ? String(fnv1a32(policy)) : (sha256Integer(policy) % MODULUS).toString(36).padStart(DIGEST_LENGTH, '0')

/** @param digest what a policy's name hashes to, or anything else that stands for the policy */
export const chainOfDigest = (digest: string, direction: Direction): string => `${directionChains[direction]}-${digest}`

/** A policy's chain of a direction, from that of ingress. */
export const siblingChain = (ingress: string, direction: Direction): string =>
  directionChains[direction] + ingress.slice(directionChains.Ingress.length)

/** What the name of a policy's chain looks like: direction and digest are its groups. */
const POLICY_CHAIN = new RegExp(`^(?:(${directionChains.Ingress})|${directionChains.Egress})-(\\d{1,10}|[0-9a-z]{10})$`)

/**
 * Reads direction and possible schemes from a policy chain's name. Ten decimal digits have both shapes, so there may
 * be two schemes; hashing the policy decides.
 *
 * @returns undefined for a name that no policy's chain can have
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

/** Whether a policy's chain has a given name, under a scheme its shape allows. */
export function policyFitsChain(
  policy: string,
  chain: {name: string; direction: Direction; schemes: readonly Scheme[]},
): boolean {
  return chain.schemes.some(scheme => policyChainName(policy, chain.direction, scheme) === chain.name)
}
