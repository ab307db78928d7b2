import {parseIpv4} from '../net/ipv4.ts'
import type {Pod} from './objects.ts'

/**
 * Whether policies apply to a pod at all. They do not apply to host-network pods, which share their node's address, nor to finished
 * pods. Readiness does not matter. A terminating pod counts until its grace period is 0.
 */
function isUnderPolicies({metadata, spec, status}: Pod): boolean {
  if (spec?.hostNetwork === true || status?.phase === 'Succeeded' || status?.phase === 'Failed') return false
  return metadata.deletionTimestamp === undefined || metadata.deletionGracePeriodSeconds !== 0
}

/**
 * The IPv4 address under which policies apply to a pod, as text: the first one that it has. With dual stack it may stand behind an IPv6
 * address. Undefined when policies do not apply to the pod, or it has no IPv4 address.
 */
export function policyIp(pod: Pod): string | undefined {
  if (!isUnderPolicies(pod)) return undefined
  const {podIP, podIPs = []} = pod.status ?? {}
  if (podIP !== undefined && parseIpv4(podIP) !== undefined) return podIP
  return podIPs.find(({ip}) => ip !== undefined && parseIpv4(ip) !== undefined)?.ip
}

/** The same address as an unsigned 32-bit number. */
export function policyAddress(pod: Pod): number | undefined {
  const ip = policyIp(pod)
  return ip === undefined ? undefined : parseIpv4(ip)
}

/** Whether policies apply to a pod, and IPv4 packets can reach it. */
export const hasPolicyAddress = (pod: Pod): boolean => policyIp(pod) !== undefined

/**
 * Whether a pod has an IPv4 address under which policies apply, but behind an IPv6 one. Azure NPM reads `status.podIP` only, so such a
 * pod is in none of its sets. Source: Azure NPM, pod controller.
 */
export function isBehindIpv6(pod: Pod): boolean {
  const ip = policyIp(pod)
  return ip !== undefined && ip !== pod.status?.podIP
}
