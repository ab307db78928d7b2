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
import {memberText} from '../sets/member.ts'
import {isNodeRead} from '../trace/nodes.ts'
import {type Columns, type EndPair, meantColumns, walkedColumns} from './columns.ts'
import type {ProbedPort} from './ports.ts'

/** One pod, or an address outside the cluster. */
export interface MatrixEnd {
  readonly name: string
  readonly address: string
  readonly pod?: Pod
}

export interface MatrixInput {
  readonly ends: readonly MatrixEnd[]
  readonly ports: readonly ProbedPort[]
  /** If given with rules, they are walked for the verdict. The policies, if known, give the expected verdict. */
  readonly dump?: NodeState
  /** Sets of the dump that its rules look at, where known: others cannot tell ends apart. */
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

/** An end with its classes. Ends of one class get the same verdicts, so each class is decided once. */
interface Classed extends MatrixEnd {
  /** Equal for ends of one name. A number, because there are millions of pairs and numbers compare faster. */
  readonly id: number
  readonly walked: number
  readonly meant: number
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
  private readonly classed: readonly Classed[]
  private readonly walked: Decide | undefined
  private readonly meant: Decide | undefined
  private readonly isForetold: boolean
  /** What of the node's rules and sets is not whole. */
  private readonly lost: () => readonly IncompletePart[]
  private isLostTold = false
  /** What verdicts of the policies that were asked for so far rest on and that is not whole. */
  readonly incomplete: IncompletePart[] = []

  constructor(input: MatrixInput) {
    const {dump, cluster, ports} = input
    const ends = classify(input)
    const evaluator = cluster && new Evaluator(cluster)
    const isWalked = dump !== undefined && isNodeRead(dump)
    this.ends = input.ends
    this.ports = ports
    this.classed = ends
    this.walked = isWalked
      ? decided(
          ends,
          ports,
          'walked',
          classes => walkedColumns(dump, classes, ports),
          packet => dump.walk(packet).verdict,
        )
      : undefined
    this.meant =
      evaluator &&
      decided(
        ends,
        ports,
        'meant',
        classes => meantColumns(cluster, classes, ports),
        (packet, from, to) => this.meaning(evaluator, packet, from, to),
      )
    this.isForetold = dump?.isForetold === true
    const objects = new Set((cluster ? incompleteObjects(cluster) : []).map(({part}) => part))
    this.lost = () => (isWalked ? dump.completeness.parts.filter(({part}) => !objects.has(part)) : [])
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
    const {walked, meant} = this.classed[end] as Classed
    return `${walked} ${meant}`
  }

  /** @param source index of an end, as `destination`; `port` that of a port */
  cell(source: number, destination: number, port: number): Cell {
    const [from, to] = [this.classed[source] as Classed, this.classed[destination] as Classed]
    const expected = this.meant?.(from, to, port)
    const walked = this.walked?.(from, to, port)
    if (walked === 'unknown') this.tellLost()
    // What Azure NPM will do rests on the same objects.
    const isOpen = this.isForetold && expected === 'unknown'
    const verdict = isOpen ? 'unknown' : (walked ?? expected ?? 'unknown')
    const isCompared = walked !== undefined && (expected === 'accept' || expected === 'drop')
    return isCompared ? compared[verdict][expected] : alone[verdict]
  }

  /** Every pair, sender by sender. A pod is not probed against itself, because such packets never leave it. */
  *probes(): Generator<Probe> {
    const {classed, ports} = this
    for (const [at, source] of classed.entries())
      for (const [to, destination] of classed.entries()) {
        if (source.id === destination.id) continue
        for (let index = 0; index < ports.length; index++) {
          const {protocol, port} = ports[index] as ProbedPort
          yield {source: source.name, destination: destination.name, protocol, port, ...this.cell(at, to, index)}
        }
      }
  }
}

/** Every pair of ends at every port, see `Matrix.probes`. */
export const probes = (input: MatrixInput): Generator<Probe> => new Matrix(input).probes()

type Decide = (source: Classed, destination: Classed, port: number) => Verdict

/**
 * Decides pairs of classes column by column. What is not known for sets of packets is decided packet by packet: it may be known for
 * one, and its reason is wanted.
 */
function decided(
  ends: readonly Classed[],
  ports: readonly ProbedPort[],
  by: 'walked' | 'meant',
  columnsOf: (classes: readonly EndPair[]) => Columns,
  decide: (packet: Packet, source: MatrixEnd, destination: MatrixEnd) => Verdict,
): Decide {
  const classes: EndPair[] = []
  for (const end of ends) classes[end[by]] = {sender: classes[end[by]]?.sender ?? end, receiver: end}
  const numbers = new Map([...classes.keys()].filter(each => classes[each]).map((each, at) => [each, at]))
  const columns = columnsOf([...numbers.keys()].map(each => classes[each] as EndPair))
  const indexes = Int32Array.from(classes.keys(), each => numbers.get(each) ?? -1)
  return (source, destination, port) => {
    const verdict = columns.at(indexes[source[by]] as number, indexes[destination[by]] as number, port)
    if (verdict !== 'unknown') return verdict
    return decide({source: source.address, destination: destination.address, ...(ports[port] as ProbedPort)}, source, destination)
  }
}

function classify({ends, dump, usedSets, cluster}: MatrixInput): Classed[] {
  const walked = walkedClasses(ends, dump, usedSets)
  const meant = meantClasses(ends, cluster)
  const ids = new Map<string, number>()
  return ends.map(end => {
    const id = ids.get(end.name) ?? ids.size
    ids.set(end.name, id)
    return {...end, id, walked: walked(end), meant: meant(end)}
  })
}

/** Classes for walks, by memberships in sets and in blocks that rules name directly. */
function walkedClasses(
  ends: readonly MatrixEnd[],
  dump: NodeState | undefined,
  usedSets: ReadonlySet<string> | undefined,
): (end: MatrixEnd) => number {
  const used = [...(dump?.sets ?? [])].filter(([name]) => usedSets?.has(name) ?? true)
  const sets = new Map(
    used.map(([name, {type, members, header}]) => [name, {type, members: members.map(memberText), header}] as const),
  )
  const numbers = new Map<string, number>()
  let number = 0
  // Rules may look at whether an address is known to be a pod's, and each pod may have rules of its own.
  const apart = ({pod, address}: MatrixEnd): string => `${pod !== undefined} ${dump?.rulesAt?.(address)}`
  for (const those of Map.groupBy(ends, apart).values())
    for (const members of addressClasses(
      sets,
      those.map(({address}) => address),
      dump?.ruleBlocks() ?? [],
    ).values()) {
      number++
      for (const address of members) numbers.set(address, number)
    }
  return ({address}) => numbers.get(address) ?? 0
}

/** The label keys, port names and blocks that policies use. Policies cannot distinguish ends by anything else but namespaces. */
function lookedAt(cluster: ClusterObjects | undefined): {
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
  for (const {spec} of cluster?.policies ?? []) {
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

/** Classes for policies: by namespace, and by the labels, declared ports and blocks that policies use. */
function meantClasses(ends: readonly MatrixEnd[], cluster: ClusterObjects | undefined): (end: MatrixEnd) => number {
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
  const known = new Map<MatrixEnd, number>()
  for (const end of ends) {
    const {pod} = end
    const labels = [...keys].map(key => pod?.metadata.labels?.[key] ?? null)
    const ports = (pod ? declaredPorts(pod) : []).filter(({name}) => name !== undefined && portNames.has(name))
    const key = JSON.stringify([pod?.metadata.namespace ?? null, pod !== undefined, labels, ports, blockClass.get(end.address)])
    if (!numbers.has(key)) numbers.set(key, numbers.size)
    known.set(end, numbers.get(key) ?? 0)
  }
  return end => known.get(end) ?? 0
}
