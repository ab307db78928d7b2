/** The fields of a packet that rules match. By default it opens a connection. */
export interface Packet {
  /** IPv4 addresses. */
  readonly source: string
  readonly destination: string
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp'
  /** Destination port; absent for icmp. */
  readonly port?: number
  /** Source port. Absent means any client port, so a condition on it is `unknown`. */
  readonly sourcePort?: number
  /** Firewall mark before the first rule; 32 bits. */
  readonly mark?: number
  /** The conntrack state; a packet that opens a connection is NEW. */
  readonly state?: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED'
}

/** What happens to a packet. `unknown` when the model cannot decide. */
export type Verdict = 'accept' | 'drop' | 'unknown'
