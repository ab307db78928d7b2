import {fnv1a32, type Scheme, sha256Integer} from './hash.ts'

export type Direction = 'Ingress' | 'Egress'

const SET_PREFIX = 'azure-npm-'
const SET_DIGITS = 20
const CHAIN_DIGITS = 10
const CHAIN_MODULUS = 36n ** BigInt(CHAIN_DIGITS)

/**
 * The ipset name Azure NPM gives a set.
 *
 * @param name the prefixed name, for example `podlabel-app:web` (NPM v1: the name without a prefix, `app:web`)
 * @returns `azure-npm-` and the hash: decimal without padding, or the first 20 characters of the base-36 SHA-256,
 *   whose leading zeros are dropped before cutting
 */
export function setKernelName(name: string, scheme: Scheme): string {
  if (scheme === 'fnv32a') return SET_PREFIX + fnv1a32(name)
  return SET_PREFIX + sha256Integer(name).toString(36).padStart(SET_DIGITS, '0').slice(0, SET_DIGITS)
}

/**
 * The iptables chain of one policy and direction. Both directions share the digest.
 *
 * @param policy `namespace/name`
 */
export function policyChainName(policy: string, direction: Direction, scheme: Scheme): string {
  const digest =
    scheme === 'fnv32a'
      ? String(fnv1a32(policy))
      : (sha256Integer(policy) % CHAIN_MODULUS).toString(36).padStart(CHAIN_DIGITS, '0')
  return `AZURE-NPM-${direction.toUpperCase()}-${digest}`
}

const DECIMAL_SET = /^azure-npm-\d{1,10}$/

/** Asked several times for each rule; a loop takes a third of the time of a regular expression. */
function isBase36Set(kernelName: string): boolean {
  for (let at = SET_PREFIX.length; at < kernelName.length; at++) {
    const code = kernelName.charCodeAt(at)
    // 0–9, a–z
    if (code < 48 || code > 122 || (code > 57 && code < 97)) return false
  }
  return kernelName.startsWith(SET_PREFIX)
}

/** The scheme a set's name has the shape of, or undefined when Azure NPM cannot have made it. */
export function setScheme(kernelName: string): Scheme | undefined {
  if (kernelName.length === SET_PREFIX.length + SET_DIGITS) return isBase36Set(kernelName) ? 'sha256' : undefined
  return DECIMAL_SET.test(kernelName) ? 'fnv32a' : undefined
}

/** Whether a name is one of Azure NPM's set names in either scheme. */
export const isSetName = (kernelName: string): boolean => setScheme(kernelName) !== undefined

const POLICY_CHAIN = /^AZURE-NPM-(INGRESS|EGRESS)-(\d{1,10}|[0-9a-z]{10})$/

/**
 * Reads direction and possible schemes from a policy chain's name. Ten decimal digits have both shapes, so there may
 * be two schemes; hashing the policy decides.
 */
export function policyChain(chain: string): {direction: Direction; schemes: Scheme[]} | undefined {
  const parts = POLICY_CHAIN.exec(chain)
  if (!parts) return undefined
  const digest = parts[2] as string
  const possible: Scheme[] = []
  if (/^\d+$/.test(digest)) possible.push('fnv32a')
  if (digest.length === CHAIN_DIGITS) possible.push('sha256')
  return {direction: parts[1] === 'INGRESS' ? 'Ingress' : 'Egress', schemes: possible}
}
