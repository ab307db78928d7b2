import type {Pod} from './objects.ts'

/** One port that a counted pod declares by name, as a member of the set of that name. */
export interface NamedPortMember {
  readonly port: string
  /** `10.0.0.1,tcp:8080` */
  readonly member: string
}

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp'])

/** The named ports of a pod, each once. Those of init containers are not read by Azure NPM, restartable ones included. */
export function namedPorts({spec}: Pod, address: string): NamedPortMember[] {
  const members: NamedPortMember[] = []
  for (const container of spec?.containers ?? [])
    for (const {name, containerPort, protocol} of container.ports ?? []) {
      if (!name) continue
      const word = (protocol ?? 'TCP').toLowerCase()
      const isPort = Number.isInteger(containerPort) && containerPort > 0 && containerPort < 65_536
      // ipset would refuse anything else, and with it the rest of the file.
      if (!isPort || !PROTOCOLS.has(word)) continue
      const member = `${address},${word}:${containerPort}`
      if (!members.some(each => each.port === name && each.member === member)) members.push({port: name, member})
    }
  return members
}
