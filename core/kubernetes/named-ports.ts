import type {ContainerPort, Pod} from './objects.ts'

/** One port that a pod declares by name. */
export interface NamedPort {
  readonly port: string
  /** What follows the pod's address in the entry of the port's set: `,tcp:8080`. */
  readonly suffix: string
}

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp'])
const none: readonly NamedPort[] = []
const noPorts: readonly ContainerPort[] = []

/**
 * The ports of a pod's sidecars: init containers that are always restarted, which run beside its containers. Kubernetes counts them
 * (since 1.32 for services, and network plugins for policies). Azure NPM reads `spec.containers` only.
 */
export function sidecarPorts({spec}: Pod): readonly ContainerPort[] {
  const {initContainers} = spec ?? {}
  if (!initContainers) return noPorts
  return initContainers.flatMap(({restartPolicy, ports}) => (restartPolicy === 'Always' ? (ports ?? []) : []))
}

/** The ports that a pod declares, those of its sidecars last. */
export function declaredPorts(pod: Pod): readonly ContainerPort[] {
  const own = (pod.spec?.containers ?? []).flatMap(({ports}) => ports ?? noPorts)
  const beside = sidecarPorts(pod)
  return beside.length === 0 ? own : [...own, ...beside]
}

/** Whether a pod declares a port of this name, protocol (lower case) and number. */
export const declaresPort = (pod: Pod, name: string, protocol: string, port: number): boolean =>
  declaredPorts(pod).some(each => each.name === name && each.containerPort === port && protocolOf(each) === protocol)

/** The protocol of a port in lower case; TCP by default. */
export const protocolOf = ({protocol}: {readonly protocol?: string | undefined}): string => (protocol ?? 'TCP').toLowerCase()

/**
 * The distinct named ports of a pod.
 *
 * @param withSidecars whether those of sidecars count, as Kubernetes has it
 */
export function namedPorts(pod: Pod, withSidecars: boolean): readonly NamedPort[] {
  let found = none
  for (const {ports} of pod.spec?.containers ?? []) if (ports) found = withNamed(found, ports)
  return withSidecars ? withNamed(found, sidecarPorts(pod)) : found
}

function withNamed(before: readonly NamedPort[], ports: readonly ContainerPort[]): readonly NamedPort[] {
  let found = before
  for (const declared of ports) {
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
