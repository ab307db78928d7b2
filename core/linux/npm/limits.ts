import type {SetType} from '../../names/set-name.ts'

/** Limits of iptables and ipset that affect what Azure NPM programs. */

/** iptables-restore refuses a file with a longer word. */
export const LONGEST_WORD_BYTES = 1023
/** The length to which iptables silently cuts a comment. Source: `XT_MAX_COMMENT_LEN`. */
export const KEPT_COMMENT_BYTES = 255

/** ipset's default for `maxelem`. */
export const DEFAULT_MEMBERS = 65_536
/** `maxelem` that Azure NPM gives sets of blocks. */
const MOST_BLOCKS = 4_294_967_295

/** The largest number of members of a set (`maxelem`). Lists have no such limit. */
export const mostMembers = (type: SetType): number => (type === 'CIDRBlocks' ? MOST_BLOCKS : DEFAULT_MEMBERS)
