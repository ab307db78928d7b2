import type {Scheme} from './hash.ts'
import type {Direction} from './kernel-name.ts'

/** Names of sets that belong to one policy contain the policy's name. The spelling differs between releases. */

/**
 * Names of the list for several values of one pod label (`In [v, w]`), one for each spelling, newest first.
 *
 * @param policy `namespace/name`
 * @param values in the order of the policy, duplicates kept
 */
export function nestedSetNames(policy: string, key: string, values: readonly string[], scheme: Scheme): string[] {
  const labels = [key, ...values].join(':')
  if (scheme === 'sha256') return [`nestedlabel-${policy}:${labels}`]
  // v1.4.27 and later; v1.4.15 to v1.4.26
  return [`nestedlabel-${policy}-${labels}`, `nestedlabel-${labels}`]
}

/** The place of an `ipBlock` in a policy: indexes of its rule and peer, both from 0. Peers of every kind count. */
export interface BlockPlace {
  readonly direction: Direction
  readonly rule: number
  readonly peer: number
}

/**
 * Names of the set of one `ipBlock` peer, one for each spelling, newest first.
 *
 * @param policy `namespace/name`
 */
export function cidrSetNames(policy: string, place: BlockPlace, scheme: Scheme): string[] {
  const slash = policy.indexOf('/')
  const namespace = policy.slice(0, slash)
  const name = policy.slice(slash + 1)
  const side = place.direction === 'Ingress' ? 'IN' : 'OUT'
  if (scheme === 'sha256') return [`cidr-${name}:in-ns:${namespace}-${place.rule}-${place.peer}${side}`]
  // v1.4.21 and later; v1.4.15 to v1.4.20
  return [
    `cidr-${name}-in-ns-${namespace}-${place.rule}-${place.peer}${side}`,
    `cidr-${name}-in-ns-${namespace}-${place.rule}${side}`,
  ]
}
