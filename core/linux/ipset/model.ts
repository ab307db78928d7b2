/** Kernel ipsets as `ipset save` and `ipset list` print them. */

/** One member line of a set. */
export interface Member {
  /** Address, block, `address,proto:port` or the name of another set, as printed. */
  readonly entry: string
  /** In hash:net: addresses in this block are not in the set, even if a wider block contains them. */
  readonly nomatch: boolean
  /** Line in the dump, from 1. */
  readonly line: number
  /** The words after the entry without `nomatch`, as printed: `timeout 30`, `comment "…"`, `packets 3 bytes 180`. */
  readonly extra?: string
}

/** One set with its members in the order of the dump. */
export interface MatchSet {
  readonly name: string
  /** Kernel type: `hash:net`, `hash:ip,port`, `list:set` … */
  readonly type: string
  /** The words after the type as key and value: `family` → `inet`. A word that takes no value maps to the empty string. */
  readonly header: ReadonlyMap<string, string>
  readonly members: Member[]
  /** Line in the dump, from 1. */
  readonly line: number
  // Only `ipset list` prints these four.
  readonly revision?: number
  readonly sizeBytes?: number
  readonly references?: number
  readonly entries?: number
}
