import type {Probe} from '../contract/matrix.ts'
import type {Cell, Matrix} from './matrix.ts'
import type {ProbedPort} from './ports.ts'

/** Ends that behave alike, as indexes; of several the first stands for all. */
export type Group = readonly number[]

/** Larger matrices are grouped by what rules and policies can distinguish, not by what they do. In cells. */
const MOST_COMPARED = 2 ** 24

/**
 * Groups ends that behave alike: towards everybody, from everybody and among themselves. An end that is no pod stays alone.
 *
 * @returns groups in the order of their first ends
 */
export function alikeEnds(matrix: Matrix): Group[] {
  const classes = classesOf(matrix)
  if (classes.length ** 2 * matrix.ports.length > MOST_COMPARED) return classes
  const cells = new ClassCells(matrix, classes)
  const groups: number[][] = []
  const taken = new Set<number>()
  for (const bucket of candidates(cells, matrix, classes)) {
    const members: number[] = []
    for (const each of bucket.members)
      if (!taken.has(each) && members.every((other, at) => at > 0 || cells.areAlike(other, each, bucket.among)))
        members.push(each)
    if (members.length < 2) continue
    for (const each of members) taken.add(each)
    groups.push(members)
  }
  for (const each of classes.keys()) if (!taken.has(each)) groups.push([each])
  return groups
    .map(members => members.flatMap(each => classes[each] as Group).toSorted((a, b) => a - b))
    .toSorted((a, b) => (a[0] as number) - (b[0] as number))
}

/** Ends that nothing distinguishes. */
function classesOf(matrix: Matrix): Group[] {
  const classes = new Map<string, number[]>()
  for (const [index, {pod, name}] of matrix.ends.entries()) {
    const key = pod ? matrix.classOf(index) : `alone ${name}`
    const known = classes.get(key)
    if (known) known.push(index)
    else classes.set(key, [index])
  }
  return [...classes.values()]
}

const CODES = {accept: 0, drop: 1, unknown: 2} as const

/** A number from 0 to 8 for what a cell holds. */
const cellCode = ({verdict, expected}: Cell): number => CODES[verdict] * 3 + CODES[expected ?? 'unknown']

/** What classes do to each other: a number for each kind of cell, the same for cells that are the same at all ports. */
class ClassCells {
  private readonly size: number
  private readonly cells: Int32Array
  private readonly hashes: number[] = []

  constructor(matrix: Matrix, classes: readonly Group[]) {
    this.size = classes.length
    this.cells = new Int32Array(this.size ** 2)
    const kinds = new Map<number, number>()
    // Nine digits to the base of 9 have room in 31 bits; what is longer is numbered.
    const numbered = (kind: number): number => {
      if (matrix.ports.length <= 9) return kind
      const known = kinds.get(kind) ?? kinds.size
      kinds.set(kind, known)
      return known
    }
    const kindOf = (source: number, destination: number): number => {
      let kind = 0
      for (let port = 0; port < matrix.ports.length; port++)
        kind = numbered(kind * 9 + cellCode(matrix.cell(source, destination, port)))
      return kind
    }
    // Receivers outside: all senders of one receiver are decided at once, and lie beside each other.
    for (const [column, to] of classes.entries())
      for (const [row, from] of classes.entries()) {
        const destination = row === column ? to[1] : to[0]
        this.cells[row * this.size + column] = destination === undefined ? -1 : kindOf(from[0] as number, destination)
      }
  }

  /** -1 of a class of one end to itself. */
  at(row: number, column: number): number {
    return this.cells[row * this.size + column] as number
  }

  /** @param among what the members of their group do to each other */
  areAlike(a: number, b: number, among: number): boolean {
    if (this.at(a, b) !== among || this.at(b, a) !== among) return false
    for (let other = 0; other < this.size; other++) {
      if (other === a || other === b) continue
      if (this.at(a, other) !== this.at(b, other) || this.at(other, a) !== this.at(other, b)) return false
    }
    return true
  }

  /** A number that is the same for alike classes, if `among` is what they do to themselves. */
  hash(each: number, among: number): number {
    return ((this.hashes[each] ??= this.hashOfOthers(each)) + mix(each, among, among)) | 0
  }

  private hashOfOthers(each: number): number {
    let hash = 0
    for (let other = 0; other < this.size; other++)
      if (other !== each) hash = (hash + mix(other, this.at(each, other), this.at(other, each))) | 0
    return hash
  }

  /** What members of a group of this class could do to each other. */
  among(each: number): Iterable<number> {
    const own = this.at(each, each)
    if (own >= 0) return [own]
    const kinds = new Set<number>()
    for (let other = 0; other < this.size; other++)
      if (other !== each && this.at(each, other) === this.at(other, each)) kinds.add(this.at(each, other))
    return kinds
  }
}

const mix = (place: number, to: number, from: number): number => {
  let hash = Math.imul(place + 1, 0x9e3779b1) ^ Math.imul(to + 7, 0x85ebca6b) ^ Math.imul(from + 13, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return Math.imul(hash ^ (hash >>> 12), 0x297a2d39) ^ (hash >>> 15)
}

/** Classes that may be alike, the largest groups first. */
function candidates(cells: ClassCells, matrix: Matrix, classes: readonly Group[]): {among: number; members: number[]}[] {
  const buckets = new Map<string, {among: number; members: number[]}>()
  for (const [each, [first = 0]] of classes.entries()) {
    if (!matrix.ends[first]?.pod) continue
    for (const among of cells.among(each)) {
      const key = `${among} ${cells.hash(each, among)}`
      const bucket = buckets.get(key)
      if (bucket) bucket.members.push(each)
      else buckets.set(key, {among, members: [each]})
    }
  }
  return [...buckets.values()].filter(({members}) => members.length > 1).toSorted((a, b) => b.members.length - a.members.length)
}

/** A matrix of groups, each under the name of its first end. */
export interface GroupedMatrix {
  readonly names: readonly string[]
  /** The names of all ends of each group. */
  readonly members: readonly (readonly string[])[]
  readonly ports: readonly ProbedPort[]
  /** Sender by sender; of a group to itself where it has several ends. */
  readonly probes: Iterable<Probe>
}

/** The matrix with ends that behave alike as one. */
export function groupedMatrix(matrix: Matrix, groups: readonly Group[] = alikeEnds(matrix)): GroupedMatrix {
  const members = groups.map(group => group.map(end => matrix.ends[end]?.name ?? ''))
  const names = members.map(([first = '', ...others]) => (others.length === 0 ? first : `${first} and ${others.length} more`))
  return {names, members, ports: matrix.ports, probes: groupedProbes(matrix, groups, names)}
}

function* groupedProbes(matrix: Matrix, groups: readonly Group[], names: readonly string[]): Generator<Probe> {
  for (const [row, [from = 0]] of groups.entries())
    for (const [column, to] of groups.entries()) {
      const end = row === column ? to[1] : to[0]
      if (end === undefined) continue
      for (const [index, {protocol, port}] of matrix.ports.entries())
        yield {
          source: names[row] as string,
          destination: names[column] as string,
          protocol,
          port,
          ...matrix.cell(from, end, index),
        }
    }
}
