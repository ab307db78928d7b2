/** A set that was read from a node of any data plane. */
export interface NodeSet {
  readonly name: string
  /** The kernel's type: `hash:net`, `hash:ip,port`, `list:set` … */
  readonly type: string
  /** What the node calls the type, where that is not the kernel's name: `IPSET`. */
  readonly shownType?: string
  readonly members: readonly {
    /** Address, block, `address,protocol:port` or the name of another set. */
    readonly entry: string
    /** Whether the addresses of this block are excluded, even if a wider block contains them. */
    readonly nomatch: boolean
    /** Line in the document, from 1. */
    readonly line: number
  }[]
  /** Line in the document, from 1. */
  readonly line: number
  /** Other properties as key and value: `maxelem` → `65536`. */
  readonly header: ReadonlyMap<string, string>
  /** How many rules and lists use the set, as counted by the node. */
  readonly references?: number
  /** Number of members, as counted by the node. */
  readonly entries?: number
}

/** The sets of a node by kernel name; `sets` is absent when the input had none. */
export interface NodeSets {
  readonly sets?: ReadonlyMap<string, NodeSet>
  /** Whether the input contained their members. */
  readonly hasMembers: boolean
}
