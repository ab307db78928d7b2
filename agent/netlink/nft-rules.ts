import {
  findAttribute,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  netfilterRequest,
  nextAttribute,
  readUInt64BE,
  valueEnd,
  valueStart,
} from './message.ts'

/** Rules and their counters in the messages of nftables. Source: linux/netfilter/nf_tables.h. */

const NFNL_SUBSYS_NFTABLES = 10 << 8
const NFT_MSG_GETRULE = NFNL_SUBSYS_NFTABLES | 7
const NFT_MSG_GETGEN = NFNL_SUBSYS_NFTABLES | 16
const NFPROTO_UNSPEC = 0
const NFPROTO_IPV4 = 2

const NFTA_GEN_ID = 1
const NFTA_RULE_TABLE = 1
const NFTA_RULE_CHAIN = 2
const NFTA_RULE_EXPRESSIONS = 4
const NFTA_EXPR_NAME = 1
const NFTA_EXPR_DATA = 2
const NFTA_COUNTER_BYTES = 1
const NFTA_COUNTER_PACKETS = 2

const COUNTER = Buffer.from('counter\0')

/** Asks for the number of the last change of any rule set of this network namespace. */
export const generationRequest = (): Buffer =>
  netfilterRequest({type: NFT_MSG_GETGEN, flags: NLM_F_REQUEST, family: NFPROTO_UNSPEC})

/** Asks for the rules of one IPv4 table, or of one of its chains. The answer is empty where there is none of that name. */
export const rulesRequest = (table: string, chain?: string): Buffer =>
  netfilterRequest({type: NFT_MSG_GETRULE, flags: NLM_F_REQUEST | NLM_F_DUMP, family: NFPROTO_IPV4}, [
    [NFTA_RULE_TABLE, table],
    ...(chain === undefined ? [] : [[NFTA_RULE_CHAIN, chain] as const]),
  ])

/** Undefined for a message that tells none. */
export function readGeneration(part: Buffer, start: number, end: number): number | undefined {
  const at = findAttribute(part, NFTA_GEN_ID, start, end)
  return at < 0 ? undefined : part.readUInt32BE(valueStart(at))
}

export function readChain(part: Buffer, start: number, end: number): string {
  const at = findAttribute(part, NFTA_RULE_CHAIN, start, end)
  return at < 0 ? '' : part.toString('utf8', valueStart(at), valueEnd(part, at) - 1)
}

/**
 * Reads what a rule has counted into two arrays, at the same place. Of a rule that counts nothing these are zeros, as
 * iptables-nft-save prints it.
 */
export function readCounter(
  part: Buffer,
  start: number,
  end: number,
  {packets, bytes}: {readonly packets: Float64Array; readonly bytes: Float64Array},
  place: number,
): void {
  const counter = findCounter(part, start, end)
  packets[place] = counter < 0 ? 0 : readNumber(part, NFTA_COUNTER_PACKETS, counter)
  bytes[place] = counter < 0 ? 0 : readNumber(part, NFTA_COUNTER_BYTES, counter)
}

/**
 * Makes the message of a rule one that is the same as long as the rule is, by overwriting what it has counted. The handle does not tell: a
 * rule that is put into the place of another one has its handle.
 */
export function clearCounter(part: Buffer, start: number, end: number): void {
  const counter = findCounter(part, start, end)
  if (counter >= 0) part.fill(0, valueStart(counter), valueEnd(part, counter))
}

/** Where the data of a rule's counter are; -1 for a rule without. */
function findCounter(part: Buffer, start: number, end: number): number {
  const expressions = findAttribute(part, NFTA_RULE_EXPRESSIONS, start, end)
  if (expressions < 0) return -1
  const expressionsEnd = valueEnd(part, expressions)
  for (let at = valueStart(expressions); at < expressionsEnd; at = nextAttribute(part, at)) {
    const expressionEnd = valueEnd(part, at)
    const name = findAttribute(part, NFTA_EXPR_NAME, valueStart(at), expressionEnd)
    if (name >= 0 && part.compare(COUNTER, 0, COUNTER.length, valueStart(name), valueEnd(part, name)) === 0)
      return findAttribute(part, NFTA_EXPR_DATA, valueStart(at), expressionEnd)
  }
  return -1
}

function readNumber(part: Buffer, attribute: number, within: number): number {
  const at = findAttribute(part, attribute, valueStart(within), valueEnd(part, within))
  return at < 0 ? 0 : readUInt64BE(part, valueStart(at))
}
