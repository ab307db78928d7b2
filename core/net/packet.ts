/** One packet that opens a connection, as a rule sees it. */
export interface Packet {
  /** IPv4 addresses. */
  readonly source: string
  readonly destination: string
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp'
  /** Destination port; absent for icmp. */
  readonly port?: number
  /** Source port; absent means: any that a client takes, so a condition on it is unknown. */
  readonly sourcePort?: number
  /** Firewall mark at the start. */
  readonly mark?: number
  /** As conntrack sees it; a packet that opens a connection is NEW. */
  readonly state?: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED'
}

/** `accept` and `drop` are what happens; `unknown` is what we say when the model does not tell. */
export type Verdict = 'accept' | 'drop' | 'unknown'
