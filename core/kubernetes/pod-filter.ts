import {parseIpv4} from '../net/ipv4.ts'
import type {Pod} from './objects.ts'

/**
 * Whether policies apply to a pod, so that Azure NPM adds its address to sets. They do not apply to host-network pods, which
 * share their node's address, nor to finished pods, nor to pods without an IPv4 address. Readiness does not matter. A terminating
 * pod counts until its grace period is 0.
 */
export const hasPolicyAddress = (pod: Pod): boolean => policyAddress(pod) !== undefined

/** The address of a pod as an unsigned 32-bit number; undefined when policies do not apply to the pod. */
export function policyAddress({metadata, spec, status}: Pod): number | undefined {
  if (spec?.hostNetwork === true || status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined
  if (metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0) return undefined
  return parseIpv4(status?.podIP ?? '')
}
