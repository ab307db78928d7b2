import type {Pod} from './objects.ts'

/** Without leading zeros: Go, in which Azure NPM is written, takes `010` for no number at all. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Whether a text is an IPv4 address as Azure NPM takes it. */
export const isIpv4 = (text: string): boolean => IPV4.test(text)

/**
 * The address by which a pod is in Azure NPM's sets, or undefined when it is in none: pods on the host's network, finished
 * pods, pods at the very end of their deletion, and pods without an IPv4 address. Readiness and node do not matter.
 */
export function countedAddress({metadata, spec, status}: Pod): string | undefined {
  if (spec?.hostNetwork === true) return undefined
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined
  if (metadata.deletionTimestamp && metadata.deletionGracePeriodSeconds === 0) return undefined
  const address = status?.podIP
  return address !== undefined && address !== null && isIpv4(address) ? address : undefined
}

/** One port that a counted pod declares by name, as a member of the set of that name. */
export interface NamedPortMember {
  readonly port: string
  /** `10.0.0.1,tcp:8080` */
  readonly member: string
}

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp'])

/** The named ports of a pod. Those of init containers are not read by Azure NPM, restartable ones included. */
export function namedPorts({spec}: Pod, address: string): NamedPortMember[] {
  const members: NamedPortMember[] = []
  for (const container of spec?.containers ?? [])
    for (const {name, containerPort, protocol} of container.ports ?? []) {
      const word = (protocol ?? 'TCP').toLowerCase()
      // ipset would refuse anything else, and with it the rest of the file.
      const isUsable =
        name && PROTOCOLS.has(word) && Number.isInteger(containerPort) && containerPort > 0 && containerPort < 65536
      if (isUsable) members.push({port: name, member: `${address},${word}:${containerPort}`})
    }
  return members
}
