import {objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {type Ipv4Block, parseIpv4, parseIpv4Block} from '../net/ipv4.ts'
import type {WalkedSet} from '../sets/set-index.ts'

/**
 * All IPv4 addresses, divided into classes that neither rules nor policies tell apart: pods that are alike, nodes, and addresses of
 * the same blocks. Every block's inside, edges and outside are in a class.
 */
export interface EndClass {
  /** An address of the class, that of its first pod. */
  readonly address: number
  /** The address of its last pod; the same one for other classes. */
  readonly lastAddress: number
  /** The pods of the class, in the order of their addresses. None for nodes and other addresses. */
  readonly pods: readonly Pod[]
  /** Name of the node with this address. */
  readonly node?: string
  /** Whether there may be pods that are not known: a set has the addresses one by one, or pods had them that have ended. */
  readonly mayBePods?: true
}

/** What may tell addresses apart. */
export interface Distinctions {
  readonly pods: readonly Pod[]
  /** Names of nodes by address. */
  readonly nodes: ReadonlyMap<number, string>
  /** Sets of the node, by name. */
  readonly sets: ReadonlyMap<string, WalkedSet>
  /** Blocks that rules and policies name. */
  readonly blocks: Iterable<string>
  /** Addresses of pods that have ended. */
  readonly left?: Iterable<number>
  /** Equal for pods that policies do not tell apart by anything but their address. */
  readonly likeness: (pod: Pod) => string
}

/** Addresses that no node forwards. Source: RFC 6890, RFC 5771; the kernel drops them as martians. */
const NEVER_FORWARDED = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3']

/** Ranges that what is known of a cluster may tell apart: those of documentation, and those of which pods, nodes and services have addresses. */
const TOLD_APART =
  '192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15'.split(
    ' ',
  )

/** An address with what is at it. */
interface Point {
  pods?: Pod[]
  node?: string
  /** In which sets it is by itself: equal for addresses that are in the same. */
  marks: number
  /** Whether a pod may be there that is not known. */
  mayBePod?: boolean
}

/** The classes of all addresses that are forwarded. */
export interface EndClasses {
  /** Pods by name, then nodes, then other addresses. */
  readonly all: readonly EndClass[]
  /** The class of an address; several where pods that are not alike share it, none for an address that is never forwarded. */
  readonly at: (address: number) => readonly EndClass[]
}

/** Divides all addresses into classes. */
export function endClasses({pods, nodes, sets, blocks, left = [], likeness}: Distinctions): EndClasses {
  const points = new Map<number, Point>()
  const pointAt = (address: number): Point => {
    let point = points.get(address)
    if (!point) points.set(address, (point = {marks: 0}))
    return point
  }
  for (const pod of pods) {
    const address = policyAddress(pod)
    if (address !== undefined) (pointAt(address).pods ??= []).push(pod)
  }
  for (const [address, node] of nodes) pointAt(address).node = node
  const named = new BlockMarks(pointAt)
  for (const [number, {type, members, header}] of [...sets.values()].entries())
    if (type !== 'list:set') {
      const own = named.numberOf(`${number};`)
      for (const member of members) named.addMember({number, own, prefix: header?.get('netmask')}, member)
    }
  for (const block of blocks) named.addBlock(block, 'named')
  for (const address of left) {
    const point = pointAt(address)
    // Another pod has got it since.
    if (point.pods) continue
    named.mark(point, named.numberOf('left;'))
    point.mayBePod = true
  }
  for (const block of TOLD_APART) named.addBlock(block, 'range')
  for (const block of NEVER_FORWARDED) named.addBlock(block, 'never')
  return classesOf(points, named, likeness)
}

interface FoundClass extends EndClass {
  lastAddress: number
  readonly pods: Pod[]
}

/** More than nodes have sets with the ports of their members. The product with itself is a safe integer. */
const MOST_MARKS = 2 ** 26

interface MarkingSet {
  readonly number: number
  /** Its mark for addresses that are members by themselves. */
  readonly own: number
  /** Of the blocks that the set makes of single addresses. */
  readonly prefix: string | undefined
}

/** The blocks that sets, rules and policies name, each with which of them name it. */
class BlockMarks {
  private readonly marks = new Map<string, {readonly block: Ipv4Block; marks: string}>()
  /** Marks as numbers, from 1: an address is in many sets, and a text of all of them takes long to make and to compare. */
  private readonly numbers = new Map<string, number>()
  /** By the number of some marks and that of one more. */
  private readonly sums = new Map<number, number>()
  private readonly pointAt: (address: number) => Point

  constructor(pointAt: (address: number) => Point) {
    this.pointAt = pointAt
  }

  numberOf(mark: string): number {
    let number = this.numbers.get(mark)
    if (number === undefined) this.numbers.set(mark, (number = this.numbers.size + 1))
    return number
  }

  mark(point: Point, mark: number): void {
    const key = point.marks * MOST_MARKS + mark
    let sum = this.sums.get(key)
    if (sum === undefined) this.sums.set(key, (sum = this.sums.size + 1))
    point.marks = sum
  }

  /** @param member as ipset prints it, with its ports and `nomatch` */
  addMember({number: set, own, prefix}: MarkingSet, member: string): void {
    const address = prefix === undefined ? parseIpv4(member) : undefined
    if (address !== undefined) {
      const point = this.pointAt(address)
      this.mark(point, own)
      point.mayBePod ??= true
      return
    }
    const space = member.indexOf(' ')
    const entry = space < 0 ? member : member.slice(0, space)
    const widened = (part: string) => (prefix === undefined || parseIpv4(part) === undefined ? part : `${part}/${prefix}`)
    if (entry === member && !entry.includes(',')) {
      this.add(widened(entry), `${set};`, true)
      return
    }
    const parts = entry.split(',')
    for (const [at, part] of parts.entries())
      this.add(widened(part), `${set} ${parts.with(at, '').join()}${member.slice(entry.length)};`, true)
  }

  addBlock(text: string, mark: string): void {
    this.add(text, `${mark} ${text};`)
  }

  private add(text: string, mark: string, isOfSet = false): void {
    const address = parseIpv4(text)
    const block = address === undefined ? parseIpv4Block(text) : {base: address, prefix: 32}
    if (!block) return
    if (block.prefix === 32) {
      const point = this.pointAt(block.base)
      this.mark(point, this.numberOf(mark))
      // What a policy names is outside of the cluster.
      if (isOfSet) point.mayBePod ??= true
      else point.mayBePod = false
      return
    }
    const key = `${block.base}/${block.prefix}`
    const known = this.marks.get(key)
    if (known) known.marks += mark
    else this.marks.set(key, {block, marks: mark})
  }

  /** From the first address on; of two that begin there the wider one first. */
  sorted(): {readonly from: number; readonly to: number; readonly marks: string}[] {
    return [...this.marks.values()]
      .map(({block, marks}) => ({from: block.base, to: block.base + 2 ** (32 - block.prefix) - 1, marks}))
      .toSorted((a, b) => a.from - b.from || b.to - a.to)
  }
}

function classesOf(points: ReadonlyMap<number, Point>, named: BlockMarks, likeness: (pod: Pod) => string): EndClasses {
  const blocks = named.sorted()
  const addresses = [...points.keys()].toSorted((a, b) => a - b)
  const starts = Float64Array.from([
    0,
    ...addresses,
    ...addresses.map(address => address + 1),
    ...blocks.flatMap(({from, to}) => [from, to + 1]),
  ]).sort()
  const classes = new Map<string, FoundClass>()
  // Blocks contain each other or have nothing in common, so those around an address are a stack.
  const around: {readonly to: number; readonly marks: string; readonly number: number; readonly isNever: boolean}[] = []
  let next = 0
  const sorted = starts.filter((start, at) => start <= 0xffffffff && start !== starts[at - 1])
  const classesAt: (readonly FoundClass[])[] = []
  for (const start of sorted) {
    while (around.length > 0 && (around.at(-1) as {to: number}).to < start) around.pop()
    for (; next < blocks.length && (blocks[next] as {from: number}).from <= start; next++) {
      const {to, marks} = blocks[next] as {to: number; marks: string}
      const all = (around.at(-1)?.marks ?? '') + marks
      around.push({to, marks: all, number: named.numberOf(`within ${all}`), isNever: all.includes('never ')})
    }
    const within = around.at(-1)
    if (within?.isNever) {
      classesAt.push([])
      continue
    }
    const point = points.get(start)
    const key = `${within?.number ?? 0}|${point?.marks ?? 0}|`
    const node = point?.node
    const found = point?.pods
      ? point.pods.map(pod => add(classes, `${key}pod ${likeness(pod)}`, start, {pod}))
      : [add(classes, node === undefined ? key : `${key}node ${node}`, start, {node, mayBePods: point?.mayBePod})]
    classesAt.push(found)
  }
  return {
    all: [...classes.values()].toSorted(byName),
    at: address => classesAt[lastUpTo(sorted, address)] ?? [],
  }
}

/** Index of the last number that is not larger. */
function lastUpTo(sorted: Float64Array, number: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) <= number) low = middle + 1
    else high = middle
  }
  return low - 1
}

function add(
  classes: Map<string, FoundClass>,
  key: string,
  address: number,
  {pod, node, mayBePods}: {readonly pod?: Pod; readonly node?: string | undefined; readonly mayBePods?: boolean | undefined},
): FoundClass {
  const known = classes.get(key)
  if (!known) {
    const made: FoundClass = {
      address,
      lastAddress: address,
      pods: pod ? [pod] : [],
      ...(node !== undefined && {node}),
      ...(mayBePods && {mayBePods}),
    }
    classes.set(key, made)
    return made
  }
  if (pod) {
    known.pods.push(pod)
    known.lastAddress = address
  }
  return known
}

/** Pods of one namespace are neighbours, which makes small sets of them. */
function byName(one: EndClass, other: EndClass): number {
  const [a, b] = [one.pods[0], other.pods[0]]
  if (a && b) return objectKey(a) < objectKey(b) ? -1 : 1
  if (a || b) return a ? -1 : 1
  if ((one.node === undefined) !== (other.node === undefined)) return one.node === undefined ? 1 : -1
  return one.address - other.address
}
