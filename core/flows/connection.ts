/** One direction of a connection as conntrack knows it. */
export interface Tuple {
  readonly source: string
  readonly destination: string
  /** Of protocols with ports. */
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly icmp?: {readonly type: number; readonly code: number; readonly id: number}
  /** The zone of this direction alone. */
  readonly zone?: number
}

/** An entry of conntrack. */
export interface Connection {
  readonly family: 'ipv4' | 'ipv6'
  /** Lower case: `tcp`, or `unknown` for one that conntrack has no name for. */
  readonly protocol: string
  readonly protocolNumber: number
  /** Seconds until the entry ends by itself; absent where a flow table of the kernel keeps it. */
  readonly timeout?: number
  /** Of TCP, SCTP and DCCP: `ESTABLISHED`. */
  readonly state?: string
  /** As the first packet had it before any translation: its destination may be a service. */
  readonly original: Tuple
  /** As answers have it where they come from: its source is the pod behind the service, its destination what the source became. */
  readonly reply: Tuple
  /** Whether no answer was seen. To the kernel all packets of its sender open a connection still. */
  readonly isUnreplied: boolean
  readonly isAssured: boolean
  readonly mark?: number
  /** The zone of both directions. */
  readonly zone?: number
  readonly id?: number
}
