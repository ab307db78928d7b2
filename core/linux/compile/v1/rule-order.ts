import type {Direction} from '../../../names/kernel-name.ts'

/** The peer of a rule: any, or one kind of peer. */
export type PeerKind = 'all' | 'block' | 'namespace' | 'pod' | 'both'

/** The port of a rule: none, a protocol with or without a number, or a name. */
export type PortKind = 'none' | 'number' | 'name'

/**
 * A group of conditions in a rule: T the policy's pods, N the peer's namespaces, P its pods, B its blocks, n the set of a
 * named port, p the protocol and the port number after it.
 */
export type Piece = 'T' | 'N' | 'P' | 'B' | 'n' | 'p'

/**
 * The order of a rule's pieces. It differs for nearly every kind of rule. It shows in iptables-save but has no effect on
 * packets. A rule for a named port with a namespace-only peer has no protocol. Source: section 8.3 of NPM's data plane.
 */
const ORDERS: Readonly<Record<Direction, Readonly<Record<PeerKind, Readonly<Record<PortKind, string>>>>>> = {
  Ingress: {
    all: {none: 'T', number: 'pT', name: 'Tpn'},
    block: {none: 'TB', number: 'TBp', name: 'TpBn'},
    namespace: {none: 'NT', number: 'TNp', name: 'TNn'},
    pod: {none: 'PT', number: 'TPp', name: 'TpPn'},
    both: {none: 'TNP', number: 'NPTp', name: 'NpPTn'},
  },
  Egress: {
    all: {none: 'T', number: 'pT', name: 'Tpn'},
    block: {none: 'TB', number: 'pTB', name: 'TpBn'},
    namespace: {none: 'TN', number: 'NpT', name: 'NTn'},
    pod: {none: 'TP', number: 'PpT', name: 'PTpn'},
    both: {none: 'TNP', number: 'TNPp', name: 'TNPpn'},
  },
}

/** Returns the pieces of a rule in the order in which NPM v1 writes them. */
export const pieces = (direction: Direction, peer: PeerKind, port: PortKind): Piece[] =>
  ORDERS[direction][peer][port].split('') as Piece[]

/** The parts of a rule's comment. */
export interface CommentWords {
  readonly target: string
  /** Absent for a rule that matches any peer. */
  readonly peer?: string
  /** `TCP-PORT-80`; absent for a rule without ports. */
  readonly port?: string
}

/** Builds the comment of an allow rule, for ingress `ALLOW-app:web-IN-ns-shop-AND-TCP-PORT-80-TO-app:db-IN-ns-shop`. */
export function allowComment(direction: Direction, kind: PeerKind, {target, peer, port}: CommentWords): string {
  const isIngress = direction === 'Ingress'
  if (peer === undefined) {
    if (isIngress) return port === undefined ? `ALLOW-ALL-TO-${target}` : `ALLOW-ALL-${port}-TO-${target}`
    return port === undefined ? `ALLOW-ALL-FROM-${target}` : `ALLOW-ALL-TO-${port}-FROM-${target}`
  }
  const andPort = port === undefined ? '' : `-AND-${port}`
  if (isIngress) return `ALLOW-${peer}${andPort}-TO-${target}`
  const isPeerFirst = kind === 'block' || (kind !== 'both' && port !== undefined)
  return isPeerFirst ? `ALLOW-${peer}${andPort}-FROM-${target}` : `ALLOW-${target}-TO-${peer}${andPort}`
}
