import type {Pod} from './objects.ts'

/** One port that a pod declares by name. */
export interface NamedPort {
  readonly port: string
  /** What stands behind the pod's address in the set of that name: `,tcp:8080`. */
  readonly suffix: string
}

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp'])
const none: readonly NamedPort[] = []

/** The named ports of a pod, each once. Those of init containers are not read by Azure NPM, restartable ones included. */
export function namedPorts({spec}: Pod): readonly NamedPort[] {
  let found = none
  for (const container of spec?.containers ?? [])
    for (const {name, containerPort, protocol} of container.ports ?? []) {
      if (!name) continue
      const word = (protocol ?? 'TCP').toLowerCase()
      const isPort = Number.isInteger(containerPort) && containerPort > 0 && containerPort < 65_536
      // ipset would refuse anything else, and with it the rest of the file.
      if (!isPort || !PROTOCOLS.has(word)) continue
      const suffix = `,${word}:${containerPort}`
      const isKnown = found.length > 0 && found.some(each => each.port === name && each.suffix === suffix)
      // Most pods have one.
      if (!isKnown) found = found.length === 0 ? [{port: name, suffix}] : [...found, {port: name, suffix}]
    }
  return found
}
