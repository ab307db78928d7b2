import type {Pod} from '../kubernetes/objects.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {Columns, EndPair} from './columns.ts'
import type {ProbedPort} from './ports.ts'

/** One pod, or an address outside the cluster. */
export interface MatrixEnd {
  readonly name: string
  readonly address: string
  readonly pod?: Pod
}

/** Verdicts for all pairs of ends, by the indexes of the ends and of the port. */
export interface Verdicts {
  verdict(source: number, destination: number, port: number): Verdict
  /** Ends with one text get the same verdicts. */
  classOf(end: number): string
}

/** Ends of one class get the same verdicts, so each pair of classes is decided once. */
export interface ClassedEnds {
  readonly ends: readonly MatrixEnd[]
  /** The class of each end. */
  readonly classes: readonly number[]
  readonly ports: readonly ProbedPort[]
}

/** Decides one packet from one end to another. */
export type DecidePacket = (packet: Packet, source: MatrixEnd, destination: MatrixEnd) => Verdict

/**
 * Decides pairs of classes column by column. What is not known for sets of packets is decided packet by packet: it may be known for
 * one, and its reason is wanted.
 */
export class ClassVerdicts implements Verdicts {
  private readonly ends: ClassedEnds
  private readonly columns: Columns
  /** Of each end the number of its class among the columns. */
  private readonly indexes: Int32Array
  private readonly decide: DecidePacket

  constructor(ends: ClassedEnds, columnsOf: (classes: readonly EndPair[]) => Columns, decide: DecidePacket) {
    const pairs = new Map<number, EndPair & {readonly at: number}>()
    for (const [index, end] of ends.ends.entries()) {
      const number = ends.classes[index] as number
      const known = pairs.get(number)
      pairs.set(number, {sender: known?.sender ?? end, receiver: end, at: known?.at ?? pairs.size})
    }
    this.ends = ends
    this.decide = decide
    this.columns = columnsOf([...pairs.values()])
    this.indexes = Int32Array.from(ends.classes, number => pairs.get(number)?.at ?? -1)
  }

  classOf(end: number): string {
    return String(this.ends.classes[end])
  }

  /** Of packets that are decided together; `unknown` where that is too little. */
  ofClasses(source: number, destination: number, port: number): Verdict {
    return this.columns.at(this.indexes[source] as number, this.indexes[destination] as number, port)
  }

  /** Whether a packet may be sent on to another receiver. */
  isRedirected(source: number, destination: number, port: number): boolean {
    return this.columns.isRedirected(this.indexes[source] as number, this.indexes[destination] as number, port)
  }

  /** Whether an accepted packet may go on under another sender's address. */
  isMasqueraded(source: number, destination: number, port: number): boolean {
    return this.columns.isMasqueraded(this.indexes[source] as number, this.indexes[destination] as number, port)
  }

  verdict(source: number, destination: number, port: number): Verdict {
    const verdict = this.ofClasses(source, destination, port)
    if (verdict !== 'unknown') return verdict
    const {ends, ports} = this.ends
    const [from, to] = [ends[source] as MatrixEnd, ends[destination] as MatrixEnd]
    return this.decide({source: from.address, destination: to.address, ...(ports[port] as ProbedPort)}, from, to)
  }
}
