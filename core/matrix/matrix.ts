import type {Probe} from '../contract/matrix.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects, plainPart} from '../kubernetes/completeness.ts'
import {declaredPorts} from '../kubernetes/named-ports.ts'
import {type ClusterObjects, type LabelSelector, objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import {addressClasses} from '../packets/address-classes.ts'
import {Evaluator} from '../policy/evaluate.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {isNodeRead} from '../trace/nodes.ts'
import {ClassVerdicts, type MatrixEnd, type Verdicts} from './class-verdicts.ts'
import {meantColumns} from './columns.ts'
import {nodeVerdicts} from './node-verdicts.ts'
import type {ProbedPort} from './ports.ts'

export type {MatrixEnd} from './class-verdicts.ts'

export interface MatrixInput {
  readonly ends: readonly MatrixEnd[]
  readonly ports: readonly ProbedPort[]
  /**
   * The rules of these are walked for the verdict: of several nodes those of both ends. The policies, if known, give the expected
   * verdict.
   */
  readonly nodes?: readonly NodeState[]
  /** Sets of the nodes that rules look at, where known: others cannot tell ends apart. */
  readonly usedSets?: ReadonlySet<string>
  readonly cluster?: ClusterObjects
}

/** The ends of a matrix: pods to which policies apply, sorted by name, and last the outside. */
export function matrixEnds(pods: readonly Pod[], outside: MatrixEnd): MatrixEnd[] {
  const inside = pods.flatMap(pod => {
    const address = policyIp(pod)
    return address === undefined ? [] : [{name: objectKey(pod), address, pod}]
  })
  return [...inside.toSorted((a, b) => (a.name < b.name ? -1 : 1)), outside]
}

/** What happens to the packets of one end to another at one port, and what the policies mean where that is compared. */
export interface Cell {
  readonly verdict: Verdict
  readonly expected?: 'accept' | 'drop'
}

/** Of millions of cells there are nine kinds. */
const compared: Readonly<Record<Verdict, Readonly<Record<'accept' | 'drop', Cell>>>> = {
  accept: {accept: {verdict: 'accept', expected: 'accept'}, drop: {verdict: 'accept', expected: 'drop'}},
  drop: {accept: {verdict: 'drop', expected: 'accept'}, drop: {verdict: 'drop', expected: 'drop'}},
  unknown: {accept: {verdict: 'unknown', expected: 'accept'}, drop: {verdict: 'unknown', expected: 'drop'}},
}
const alone: Readonly<Record<Verdict, Cell>> = {
  accept: {verdict: 'accept'},
  drop: {verdict: 'drop'},
  unknown: {verdict: 'unknown'},
}

/**
 * All pairs of ends at all ports, each decided when it is asked for. Pods that neither rules nor policies can distinguish are one
 * class, and each pair of classes is walked once.
 */
export class Matrix {
  readonly ends: readonly MatrixEnd[]
  readonly ports: readonly ProbedPort[]
  private readonly walked: Verdicts | undefined
  private readonly meant: Verdicts | undefined
  private readonly isForetold: boolean
  /** What of the nodes' rules and sets is not whole. */
  private readonly lost: () => readonly IncompletePart[]
  private isLostTold = false
  /** Addresses that several ends have. */
  private readonly shared: ReadonlySet<string>
  /** What verdicts of the policies that were asked for so far rest on and that is not whole. */
  readonly incomplete: IncompletePart[] = []

  constructor({ends, ports, nodes = [], usedSets, cluster}: MatrixInput) {
    const evaluator = cluster && new Evaluator(cluster)
    const walked = nodes.filter(isNodeRead)
    this.ends = ends
    this.ports = ports
    this.shared = sharedAddresses(ends)
    this.walked = walked.length > 0 ? nodeVerdicts(walked, ends, ports, usedSets) : undefined
    this.meant =
      evaluator &&
      new ClassVerdicts(
        {ends, classes: meantClasses(ends, cluster), ports},
        classes => meantColumns(cluster, classes, ports),
        (packet, from, to) => this.meaning(evaluator, packet, from, to),
      )
    this.isForetold = nodes.some(node => node.isForetold)
    const objects = new Set((cluster ? incompleteObjects(cluster) : []).map(({part}) => part))
    this.lost = () => lostOf(walked).filter(({part}) => !objects.has(part))
  }

  private meaning(evaluator: Evaluator, packet: Packet, {pod: source}: MatrixEnd, {pod: destination}: MatrixEnd): Verdict {
    const {verdict, incomplete} = evaluator.evaluate(packet, {source, destination})
    for (const each of incomplete)
      if (this.incomplete.every(({part}) => part !== each.part)) this.incomplete.push(plainPart(each))
    return verdict
  }

  /** Whether verdicts that were asked for so far are unknown, and rules or sets are not whole. */
  get restsOnLost(): boolean {
    return this.isLostTold
  }

  private tellLost(): void {
    if (this.isLostTold) return
    const lost = this.lost()
    this.isLostTold = lost.length > 0
    this.incomplete.push(...lost.map(plainPart))
  }

  /** Ends with one number get the same verdicts. */
  classOf(end: number): string {
    const {address} = this.ends[end] as MatrixEnd
    const alone = this.shared.has(address) ? ` ${address}` : ''
    return `${this.walked?.classOf(end)} ${this.meant?.classOf(end)}${alone}`
  }

  /** Whether ends are several with one address: what one sends there stays inside it, and the other does not get it. */
  private isInside(source: number, destination: number): boolean {
    const {address} = this.ends[source] as MatrixEnd
    return source !== destination && this.shared.has(address) && address === this.ends[destination]?.address
  }

  /** @param source index of an end, as `destination`; `port` that of a port */
  cell(source: number, destination: number, port: number): Cell {
    const expected = this.meant?.verdict(source, destination, port)
    const walked = this.walked?.verdict(source, destination, port)
    if (walked === 'unknown') this.tellLost()
    // What Azure NPM will do rests on the same objects.
    const isOpen = (this.isForetold && expected === 'unknown') || this.isInside(source, destination)
    const verdict = isOpen ? 'unknown' : (walked ?? expected ?? 'unknown')
    const isCompared = walked !== undefined && (expected === 'accept' || expected === 'drop')
    return isCompared ? compared[verdict][expected] : alone[verdict]
  }

  /** Every pair, sender by sender. A pod is not probed against itself, because such packets never leave it. */
  *probes(): Generator<Probe> {
    const {ends, ports} = this
    // Numbers, because there are millions of pairs and numbers compare faster than names.
    const numbers = new Map<string, number>()
    for (const {name} of ends) numbers.set(name, numbers.get(name) ?? numbers.size)
    const ids = ends.map(({name}) => numbers.get(name))
    for (const [at, source] of ends.entries())
      for (const [to, destination] of ends.entries()) {
        if (ids[at] === ids[to]) continue
        for (let index = 0; index < ports.length; index++) {
          const {protocol, port} = ports[index] as ProbedPort
          yield {source: source.name, destination: destination.name, protocol, port, ...this.cell(at, to, index)}
        }
      }
  }
}

function sharedAddresses(ends: readonly MatrixEnd[]): ReadonlySet<string> {
  const [seen, shared] = [new Set<string>(), new Set<string>()]
  for (const {address} of ends) (seen.has(address) ? shared : seen).add(address)
  return shared
}

/** Every pair of ends at every port, see `Matrix.probes`. */
export const probes = (input: MatrixInput): Generator<Probe> => new Matrix(input).probes()

/** What of the nodes is not whole, each part once; of several nodes with the name of its node. */
function lostOf(nodes: readonly NodeState[]): IncompletePart[] {
  const isOne = nodes.length === 1
  return nodes.flatMap(({node, completeness}) =>
    completeness.parts.map(each => (isOne ? each : {...each, part: `${each.part} of node ${node}`})),
  )
}

/** The label keys, port names and blocks that policies use. Policies cannot distinguish ends by anything else but namespaces. */
function lookedAt(cluster: ClusterObjects): {
  keys: ReadonlySet<string>
  portNames: ReadonlySet<string>
  blocks: ReadonlySet<string>
} {
  const keys = new Set<string>()
  const portNames = new Set<string>()
  const blocks = new Set<string>()
  const addSelector = ({matchLabels, matchExpressions}: LabelSelector = {}) => {
    for (const key of Object.keys(matchLabels ?? {})) keys.add(key)
    for (const {key} of matchExpressions ?? []) keys.add(key)
  }
  for (const {spec} of cluster.policies) {
    addSelector(spec.podSelector)
    const rules = [
      ...(spec.ingress ?? []).map(({from, ports}) => ({peers: from, ports})),
      ...(spec.egress ?? []).map(({to, ports}) => ({peers: to, ports})),
    ]
    for (const {peers, ports} of rules) {
      for (const {port} of ports ?? []) if (typeof port === 'string') portNames.add(port)
      for (const {podSelector, ipBlock} of peers ?? []) {
        addSelector(podSelector)
        for (const block of [ipBlock?.cidr, ...(ipBlock?.except ?? [])]) if (block !== undefined) blocks.add(block)
      }
    }
  }
  return {keys, portNames, blocks}
}

/** Classes of ends for policies, as numbers: by namespace, and by the labels, declared ports and blocks that policies use. */
function meantClasses(ends: readonly MatrixEnd[], cluster: ClusterObjects): number[] {
  const {keys, portNames, blocks} = lookedAt(cluster)
  const sets = new Map([...blocks].map((block, index) => [String(index), {type: 'hash:net', members: [block]}]))
  const blockClass = new Map<string, number>()
  let number = 0
  for (const members of addressClasses(
    sets,
    ends.map(({address}) => address),
  ).values()) {
    number++
    for (const address of members) blockClass.set(address, number)
  }
  const numbers = new Map<string, number>()
  return ends.map(({pod, address}) => {
    const labels = [...keys].map(key => pod?.metadata.labels?.[key] ?? null)
    const ports = (pod ? declaredPorts(pod) : []).filter(({name}) => name !== undefined && portNames.has(name))
    const key = JSON.stringify([pod?.metadata.namespace ?? null, pod !== undefined, labels, ports, blockClass.get(address)])
    const known = numbers.get(key) ?? numbers.size
    numbers.set(key, known)
    return known
  })
}
