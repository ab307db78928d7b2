import {Bits} from './bits.ts'
import type {EndTruth, JudgedPackets} from './packet-domain.ts'
import {allServices, type ServiceRange} from './services.ts'

/** What is allowed of the packets to one receiver at some services: from whom surely, and from whom perhaps. */
export interface AllowedPackets extends ServiceRange, EndTruth {}

/** Who says what should pass: the policies, or a program. */
export interface PacketMeaning {
  /** The parts for one receiver, in order; together they are all services. */
  allowed(receiver: number): readonly AllowedPackets[]
}

/** What a walk lets pass, as what should pass. Packets that are unknown may pass. */
export function allowedBy(judged: readonly JudgedPackets[]): AllowedPackets[] {
  const starts = [...new Set([allServices.from, ...judged.flatMap(({from, to}) => [from, to + 1])])]
    .filter(start => start <= allServices.to)
    .toSorted((a, b) => a - b)
  return starts.map((from, at) => {
    const to = (starts[at + 1] ?? allServices.to + 1) - 1
    const here = judged.filter(part => part.from <= from && from <= part.to)
    const of = (verdict: JudgedPackets['verdict']) =>
      here.filter(part => part.verdict === verdict).reduce((all, {senders}) => all.or(senders), Bits.none)
    const certain = of('accept')
    return {from, to, certain, possible: certain.or(of('unknown'))}
  })
}
