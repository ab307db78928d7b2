import {parseIpv4} from '../net/ipv4.ts'
import type {Pod} from './objects.ts'

/**
 * Whether policies apply to a pod and Azure NPM holds its address: host-network pods share their node's, finished pods
 * have given theirs back, and a pod without an IPv4 address has none to hold. Readiness does not matter, nor does
 * terminating while grace is left.
 */
export const hasPolicyAddress = (pod: Pod): boolean => policyAddress(pod) !== undefined

/** The address of a pod that counts, as `parseIpv4` gives it. */
export function policyAddress({metadata, spec, status}: Pod): number | undefined {
  if (spec?.hostNetwork === true || status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined
  if (metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0) return undefined
  return parseIpv4(status?.podIP ?? '')
}
