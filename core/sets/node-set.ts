/** A set as a node has it, whatever its data plane. */
export interface NodeSet {
  readonly name: string
  /** The kernel's type: `hash:net`, `hash:ip,port`, `list:set` … */
  readonly type: string
  readonly members: readonly {
    /** Address, block, `address,protocol:port` or the name of another set. */
    readonly entry: string
    /** Whether addresses in this block are not in the set, whatever wider block holds them. */
    readonly nomatch: boolean
    /** Line in the document, from 1. */
    readonly line: number
  }[]
  /** Line in the document, from 1. */
  readonly line: number
  /** Other properties as key and value: `maxelem` → `65536`. */
  readonly header: ReadonlyMap<string, string>
  /** Rules and lists that use the set, as the node counts them. */
  readonly references?: number
  /** How many members the node counts. */
  readonly entries?: number
}

/** The sets of a node by name, as far as they were in the input. */
export interface NodeSets {
  readonly sets?: ReadonlyMap<string, NodeSet>
  /** Whether their members were. */
  readonly hasMembers: boolean
}
