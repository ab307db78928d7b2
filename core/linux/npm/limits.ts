import type {SetType} from '../../names/set-name.ts'

/** Limits of iptables and ipset that show in what Azure NPM programs. */

/** iptables-restore refuses a file with a longer word. */
export const LONGEST_WORD_BYTES = 1023
/** What iptables keeps of a comment; it cuts the rest without a word. Source: `XT_MAX_COMMENT_LEN`. */
export const KEPT_COMMENT_BYTES = 255

/** `maxelem` of a set that is made without: what ipset makes room for. */
const DEFAULT_MEMBERS = 65_536
/** `maxelem` that Azure NPM gives sets of blocks. */
const MOST_BLOCKS = 4_294_967_295

/** How many members a set has room for (`maxelem`). Lists have no such limit. */
export const mostMembers = (type: SetType): number => (type === 'CIDRBlocks' ? MOST_BLOCKS : DEFAULT_MEMBERS)
