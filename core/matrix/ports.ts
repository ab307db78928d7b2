import type {Probe} from '../contract/matrix.ts'
import {declaredPorts} from '../kubernetes/named-ports.ts'
import type {ClusterObjects, PolicyPort} from '../kubernetes/objects.ts'
import {InputError} from '../problem/input-error.ts'

/** One probed port. */
export interface ProbedPort {
  readonly protocol: Probe['protocol']
  readonly port: number
}

const PORT = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/

/**
 * Parses a list of ports: `80,53/udp`. The default protocol is tcp.
 *
 * @throws InputError for a part that is no port
 */
export function parsePorts(text: string): ProbedPort[] {
  return text.split(',').map(part => {
    const parts = PORT.exec(part.trim())
    const port = Number(parts?.[1])
    if (!parts || port > 65535)
      throw new InputError(`--ports: "${part}" is no port`, 'Give numbers with an optional protocol: 80,53/udp,7400/sctp')
    return {protocol: (parts[2] ?? 'tcp') as ProbedPort['protocol'], port}
  })
}

/** More columns than anybody reads. */
const MOST_PORTS = 100
/** Ports that stand for all that no policy names: the first that is free is taken. */
const OTHERS = [9, 40_000, 1, 60_000, 2]
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const

/**
 * All ports that policies name, both ends of ranges, names as the pods declare them, and of each protocol that is named one other
 * port. Of tcp there is always one.
 *
 * @param clusters states of one cluster
 * @throws InputError when policies name more ports than fit into a table
 */
export function portsOfPolicies(clusters: readonly ClusterObjects[]): ProbedPort[] {
  const named = clusters.flatMap(cluster => {
    const declared = declaredNumbers(cluster)
    return policyPorts(cluster).flatMap(port => numbersOf(port, declared))
  })
  const ports = new Map(named.map(each => [`${each.port}/${each.protocol}`, each]))
  const ranges = clusters.flatMap(policyPorts)
  for (const protocol of PROTOCOLS) {
    if (protocol !== 'tcp' && !ranges.some(each => protocolOf(each) === protocol)) continue
    const isNamed = (port: number) => ports.has(`${port}/${protocol}`) || ranges.some(each => isWithin(each, protocol, port))
    const port = OTHERS.find(each => !isNamed(each))
    if (port !== undefined) ports.set(`${port}/${protocol}`, {protocol, port})
  }
  if (ports.size > MOST_PORTS)
    throw new InputError(
      `the policies name ${ports.size} ports`,
      `Say which ones with --ports; at most ${MOST_PORTS} are taken by default.`,
    )
  return [...ports.values()].toSorted((a, b) => PROTOCOLS.indexOf(a.protocol) - PROTOCOLS.indexOf(b.protocol) || a.port - b.port)
}

const policyPorts = ({policies}: ClusterObjects): PolicyPort[] =>
  policies.flatMap(({spec}) => [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap(({ports}) => ports ?? []))

const protocolOf = ({protocol}: {readonly protocol?: string | undefined}): string => (protocol ?? 'TCP').toLowerCase()

const numberOf = (port: PolicyPort['port']): number | undefined =>
  typeof port === 'number' ? port : port !== undefined && /^\d+$/.test(port) ? Number(port) : undefined

function isWithin(named: PolicyPort, protocol: string, port: number): boolean {
  const first = numberOf(named.port)
  return protocolOf(named) === protocol && first !== undefined && port >= first && port <= (named.endPort ?? first)
}

function numbersOf(named: PolicyPort, declared: ReadonlyMap<string, Iterable<number>>): ProbedPort[] {
  const protocol = PROTOCOLS.find(each => each === protocolOf(named))
  if (!protocol || named.port === undefined) return []
  const first = numberOf(named.port)
  const numbers = first === undefined ? [...(declared.get(`${named.port}/${protocol}`) ?? [])] : [first, named.endPort ?? first]
  return numbers.filter(port => port >= 0 && port <= 65535).map(port => ({protocol, port}))
}

/** The numbers that pods declare for a port's name and protocol. */
function declaredNumbers({pods}: ClusterObjects): Map<string, Set<number>> {
  const numbers = new Map<string, Set<number>>()
  for (const pod of pods)
    for (const port of declaredPorts(pod)) {
      if (port.name === undefined) continue
      const key = `${port.name}/${protocolOf(port)}`
      const known = numbers.get(key)
      if (known) known.add(port.containerPort)
      else numbers.set(key, new Set([port.containerPort]))
    }
  return numbers
}
