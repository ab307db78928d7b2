/** Where a node is. */
export interface NodeAddresses {
  readonly name: string
  readonly ip: string
  /** Its pods' block. */
  readonly pods: string
}

/** All addresses of the real cluster with number K, in 10.K.0.0/16. */
export interface Addresses {
  readonly number: number
  /** The machine's end of the wire: what is outside of the cluster, for its pods. */
  readonly machine: string
  readonly apiServer: string
  readonly services: string
  /** The API server's Service, the first address of the Services. */
  readonly kubernetes: string
  readonly dns: string
  /** Holds the blocks of all nodes. */
  readonly pods: string
  readonly nodes: readonly NodeAddresses[]
}

export function addressesOf(number: number, nodes: readonly string[]): Addresses {
  const base = `10.${number}`
  return {
    number,
    machine: `${base}.0.254`,
    apiServer: `${base}.0.1`,
    services: `${base}.96.0/20`,
    kubernetes: `${base}.96.1`,
    dns: `${base}.96.10`,
    pods: `${base}.128.0/17`,
    nodes: nodes.map((name, index) => ({name, ip: `${base}.0.${11 + index}`, pods: `${base}.${129 + index}.0/24`})),
  }
}
