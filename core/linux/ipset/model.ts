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

/** Why members of a set may be missing. */
export interface CutSet {
  /** As a sentence without a full stop. */
  readonly reason: string
  /** Whether what is there may be wrong, too: a line is damaged. */
  readonly isDamaged: boolean
  /** Whether it may as well be whole: nothing but the missing end of the text speaks against it. */
  readonly isOpen?: true
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
  /** Absent when all members are there. */
  readonly cut?: CutSet
  // Only `ipset list` prints these four.
  readonly revision?: number
  readonly sizeBytes?: number
  readonly references?: number
  readonly entries?: number
}
