import type {Probe} from '../contract/matrix.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {declaredPorts} from '../kubernetes/named-ports.ts'
import type {ClusterObjects, PolicyPort} from '../kubernetes/objects.ts'
import {InputError} from '../problem/input-error.ts'
import {meant} from '../text/nearest.ts'

/** One probed port. */
export interface ProbedPort {
  readonly protocol: Probe['protocol']
  readonly port: number
}

/**
 * Parses lists of ports: `80,53/UDP`, `8000-8010`, `http`. The default protocol is tcp.
 *
 * @param texts    values of the flag, each a list
 * @param clusters whose pods declare the names
 * @throws InputError for a part that is no port, a name that no pod declares, and more ports than fit into a table
 */
export function parsePorts(texts: readonly string[], clusters: readonly ClusterObjects[]): ProbedPort[] {
  const declared = clusters.map(declaredNumbers)
  const ports = texts
    .flatMap(text => text.split(','))
    .flatMap(text => {
      const [, first, last = first, name, protocol = 'tcp'] = PORT.exec(text.trim()) ?? []
      const known = PROTOCOLS.find(each => each === protocol.toLowerCase())
      if (!known || (first === undefined && name === undefined))
        throw new InputError(
          `--ports: "${text}" is no port`,
          'Give numbers, ranges or names with an optional protocol: 80,53/udp,8000-8010,http',
        )
      if (name !== undefined) return numbersCalled(name, known, declared)
      const [from, to] = [Number(first), Number(last)]
      if (to > 65_535 || from > to)
        throw new InputError(`--ports: "${text}" is no port`, 'Ports go from 0 to 65535, and the smaller one stands first.')
      if (to - from >= MOST_PORTS)
        throw new InputError(
          `--ports ${text}: a table has at most ${MOST_PORTS} ports`,
          'Give a shorter range, or trace one pair: kubectl npm trace A B --port 1-65535',
        )
      return Array.from({length: to - from + 1}, (_, at) => ({protocol: known, port: from + at}))
    })
  const once = [...new Map(ports.map(each => [`${each.port}/${each.protocol}`, each])).values()]
  if (once.length > MOST_PORTS) throw new InputError(`--ports names ${once.length} ports`, `A table has at most ${MOST_PORTS}.`)
  return once
}

const PORT = /^(?:(\d{1,5})(?:-(\d{1,5}))?|([a-z0-9-]*[a-z][a-z0-9-]*))(?:\/(\w+))?$/i

function numbersCalled(
  name: string,
  protocol: ProbedPort['protocol'],
  declared: readonly ReadonlyMap<string, Iterable<number>>[],
): ProbedPort[] {
  const numbers = new Set(declared.flatMap(each => [...(each.get(`${name}/${protocol}`) ?? [])]))
  if (numbers.size > 0) return [...numbers].map(port => ({protocol, port}))
  const names = declared.flatMap(each => [...each.keys()].map(key => key.slice(0, key.indexOf('/'))))
  throw new InputError(`--ports: no pod in the input declares a ${protocol} port named "${name}"`, [
    ...meant(name, names),
    'Give its number.',
  ])
}

/** More columns than anybody reads. */
const MOST_PORTS = 100
/** Ports that stand for all that no policy names: the first that is free is taken. */
const OTHERS = [9, 40_000, 1, 60_000, 2]
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const

/**
 * All ports that policies name and those that nodes have rules for, both ends of ranges, names as the pods declare them, and of each
 * protocol that is named one other port. Of tcp there is always one.
 *
 * @param clusters   states of one cluster
 * @param programmed what the rules of nodes name: a policy may be gone while its rules are not
 * @throws InputError when more ports are named than fit into a table
 */
export function namedPorts(clusters: readonly ClusterObjects[], programmed: readonly PolicyPort[] = []): ProbedPort[] {
  const named = clusters.flatMap(cluster => {
    const declared = declaredNumbers(cluster)
    return [...policyPorts(cluster), ...programmed].flatMap(port => numbersOf(port, declared))
  })
  const ports = new Map(named.map(each => [`${each.port}/${each.protocol}`, each]))
  const ranges = [...clusters.flatMap(policyPorts), ...programmed]
  for (const protocol of PROTOCOLS) {
    if (protocol !== 'tcp' && !ranges.some(each => protocolOf(each) === protocol)) continue
    const isNamed = (port: number) => ports.has(`${port}/${protocol}`) || ranges.some(each => isWithin(each, protocol, port))
    const port = OTHERS.find(each => !isNamed(each))
    if (port !== undefined) ports.set(`${port}/${protocol}`, {protocol, port})
  }
  if (ports.size > MOST_PORTS)
    throw new InputError(
      `the ${programmed.length > 0 ? 'policies and rules' : 'policies'} name ${ports.size} ports`,
      `Say which ones with --ports; at most ${MOST_PORTS} are taken by default.`,
    )
  return [...ports.values()].toSorted((a, b) => PROTOCOLS.indexOf(a.protocol) - PROTOCOLS.indexOf(b.protocol) || a.port - b.port)
}

/** The ports that the rules of a node's policies name. */
export function programmedPorts(node: NodeState): PolicyPort[] {
  const ports = new Map<string, PolicyPort>()
  for (const {rules} of node.translation().policies())
    for (const {protocol, port, endPort} of rules)
      if (protocol !== null)
        ports.set(`${protocol}/${port}-${endPort}`, {
          protocol,
          ...(port !== null && {port}),
          ...(endPort !== null && {endPort}),
        })
  return [...ports.values()]
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
