/** Kernel ipsets as a dump shows them, by `ipset save` or `ipset list`. */

/** One member line of a set. */
export interface Member {
  /** Address, block, `address,proto:port` or the name of another set, as printed. */
  readonly entry: string
  /** In hash:net: addresses in this block are not in the set, whatever wider block holds them. */
  readonly nomatch: boolean
  /** Line in the dump, from 1. */
  readonly line: number
  /** The words behind the entry but for `nomatch`, as printed: `timeout 30`, `comment "…"`, `packets 3 bytes 180`. */
  readonly extra?: string
}

/** One set with its members in the order of the dump. */
export interface MatchSet {
  readonly name: string
  /** Kernel type: `hash:net`, `hash:ip,port`, `list:set` … */
  readonly type: string
  /** The words behind the type as key and value: `family` → `inet`; words that take no value map to the empty text. */
  readonly header: ReadonlyMap<string, string>
  readonly members: Member[]
  readonly line: number
  /** Only `ipset list` tells these. */
  readonly revision?: number
  readonly sizeBytes?: number
  readonly references?: number
  readonly entries?: number
}
