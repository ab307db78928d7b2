import type {ContainerPort, Pod} from './objects.ts'

/** One port that a pod declares by name. */
export interface NamedPort {
  readonly port: string
  /** What follows the pod's address in the entry of the port's set: `,tcp:8080`. */
  readonly suffix: string
}

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp'])
const none: readonly NamedPort[] = []

/** The distinct named ports of a pod. Azure NPM ignores init containers, even restartable ones. */
export function namedPorts({spec}: Pod): readonly NamedPort[] {
  let found = none
  for (const {ports} of spec?.containers ?? [])
    for (const declared of ports ?? []) {
      const {name} = declared
      const suffix = name ? suffixOf(declared) : undefined
      if (!name || suffix === undefined) continue
      if (found.some(each => each.port === name && each.suffix === suffix)) continue
      // Most pods have one, and an array that grows by push allocates 17 slots.
      found = found.length === 0 ? [{port: name, suffix}] : [...found, {port: name, suffix}]
    }
  return found
}

/** The last result: pods of one deployment usually come in a row and have the same ports. */
let last: {readonly number: number; readonly protocol: string | undefined; readonly suffix: string | undefined} | undefined

function suffixOf({containerPort: number, protocol}: ContainerPort): string | undefined {
  if (last?.number === number && last.protocol === protocol) return last.suffix
  const word = (protocol ?? 'TCP').toLowerCase()
  const isPort = Number.isInteger(number) && number > 0 && number < 65_536
  // ipset refuses anything else, and then the rest of the file, too.
  last = {number, protocol, suffix: isPort && PROTOCOLS.has(word) ? `,${word}:${number}` : undefined}
  return last.suffix
}
