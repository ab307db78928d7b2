import type {ContainerPort, Pod} from './objects.ts'

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
  for (const {ports} of spec?.containers ?? [])
    for (const declared of ports ?? []) {
      const {name} = declared
      const suffix = name ? suffixOf(declared) : undefined
      if (!name || suffix === undefined) continue
      if (found.some(each => each.port === name && each.suffix === suffix)) continue
      // Most pods have one, and a list that may grow takes room for seventeen.
      found = found.length === 0 ? [{port: name, suffix}] : [...found, {port: name, suffix}]
    }
  return found
}

/** Pods of one deployment come one after the other, and their ports are the same. */
let last: {readonly number: number; readonly protocol: string | undefined; readonly suffix: string | undefined} | undefined

function suffixOf({containerPort: number, protocol}: ContainerPort): string | undefined {
  if (last?.number === number && last.protocol === protocol) return last.suffix
  const word = (protocol ?? 'TCP').toLowerCase()
  const isPort = Number.isInteger(number) && number > 0 && number < 65_536
  // ipset would refuse anything else, and with it the rest of the file.
  last = {number, protocol, suffix: isPort && PROTOCOLS.has(word) ? `,${word}:${number}` : undefined}
  return last.suffix
}
