import type {RuleCounters, RuleStructure} from '../../dataplane/rule-counters.ts'
import type {Text} from '../../text/lines.ts'
import {directionChains, FORWARD_CHAIN, NPM_CHAIN, v1RuleChains} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import {isNpmJump} from '../npm/rule-lines.ts'

const OPEN = 91 // [
const STAR = 42 // *
const DASH = 45 // -
const BLANK = 32
const ZERO = 48
/** Of FNV-1a with 32 bits. */
const CHECKSUM_START = 0x811c9dc5
const CHECKSUM_FACTOR = 0x01000193
const FILTER = '*filter'
const APPEND = '-A '

/**
 * Reads the counters of Azure NPM's rules from the text of `iptables-save -c`, of one table or of all. While the rules are those of the
 * read before, nothing is kept of the text but numbers: 20,000 rules take about two milliseconds.
 *
 * @param before of the same node. Its structure is used again while the rules are the same
 */
export function readRuleCounters(text: Text, before?: RuleCounters): RuleCounters {
  return new CounterReader(before).read(text)
}

class CounterReader {
  private readonly known: readonly string[]
  private readonly before: RuleCounters | undefined
  private packets: Float64Array
  private bytes: Float64Array
  /** Of the current line. */
  private linePackets = 0
  private lineBytes = 0
  private count = 0
  private hasCounters = true
  private otherRules = CHECKSUM_START
  /** Rules that are not those of the read before, and all behind them; undefined while there are none. */
  private rules: string[] | undefined
  /** Rules before any line that names a table are those of `iptables -S`. */
  private isFilter = true

  constructor(before: RuleCounters | undefined) {
    this.before = before
    this.known = before?.structure.rules ?? []
    this.packets = new Float64Array(Math.max(this.known.length, 64))
    this.bytes = new Float64Array(this.packets.length)
  }

  read(text: Text): RuleCounters {
    for (const piece of text) this.readPiece(piece)
    const {before, count, hasCounters, otherRules} = this
    const isSame = before !== undefined && this.rules === undefined && count === this.known.length
    const structure = isSame ? before.structure : structureOf(this.rules ?? this.known.slice(0, count))
    return {structure, packets: this.packets.slice(0, count), bytes: this.bytes.slice(0, count), hasCounters, otherRules}
  }

  private readPiece(piece: string): void {
    for (let start = 0; start < piece.length; ) {
      const first = piece.charCodeAt(start)
      if (first === STAR) this.isFilter = piece.startsWith(FILTER, start)
      if (this.isFilter && (first === OPEN || first === DASH)) {
        const at = first === OPEN ? this.readCounters(piece, start + 1) : start
        const end = this.ruleEnd(piece, at)
        if (end >= 0) {
          if (first === DASH) this.hasCounters = false
          start = end
        }
      }
      const feed = piece.indexOf('\n', start)
      start = feed < 0 ? piece.length : feed + 1
    }
  }

  /** Reads `packets:bytes] ` and returns where the rule begins. */
  private readCounters(piece: string, start: number): number {
    let at = start
    let packets = 0
    let digit = piece.charCodeAt(at) - ZERO
    for (; digit >= 0 && digit <= 9; digit = piece.charCodeAt(++at) - ZERO) packets = packets * 10 + digit
    let bytes = 0
    digit = piece.charCodeAt(++at) - ZERO
    for (; digit >= 0 && digit <= 9; digit = piece.charCodeAt(++at) - ZERO) bytes = bytes * 10 + digit
    this.linePackets = packets
    this.lineBytes = bytes
    return at + 2
  }

  /** Takes the rule that begins at `at`, and returns where it ends. -1 when it is no rule. */
  private ruleEnd(piece: string, at: number): number {
    const known = this.rules ? undefined : this.known[this.count]
    if (known !== undefined && piece.startsWith(known, at) && isLineEnd(piece, at + known.length)) {
      this.take()
      return at + known.length
    }
    if (!piece.startsWith(APPEND, at)) return -1
    const name = at + APPEND.length
    const isOwn = piece.startsWith(NPM_CHAIN, name) && isNameEnd(piece.charCodeAt(name + NPM_CHAIN.length))
    const feed = piece.indexOf('\n', at)
    const end = feed < 0 ? piece.length : feed
    if (!isOwn && !piece.startsWith(FORWARD_CHAIN, name)) return this.passOver(piece, at, end)
    const rule = piece.slice(at, end).trimEnd()
    if (!isOwn && !(rule.startsWith(`${FORWARD_CHAIN} `, APPEND.length) && isNpmJump(rule))) return this.passOver(piece, at, end)
    this.rules ??= this.known.slice(0, this.count)
    this.rules.push(rule)
    this.take()
    return end
  }

  private passOver(piece: string, at: number, end: number): number {
    let sum = this.otherRules
    for (let each = at; each < end; each++) sum = Math.imul(sum ^ piece.charCodeAt(each), CHECKSUM_FACTOR)
    // The line's end and how many rules of Azure NPM stand before it: where the rule stands decides what it does.
    this.otherRules = Math.imul(sum ^ this.count, CHECKSUM_FACTOR)
    return end
  }

  private take(): void {
    if (this.count === this.packets.length) {
      this.packets = grown(this.packets)
      this.bytes = grown(this.bytes)
    }
    this.packets[this.count] = this.hasCounters ? this.linePackets : 0
    this.bytes[this.count] = this.hasCounters ? this.lineBytes : 0
    this.count++
  }
}

/** The chain's own name, or the beginning of the name of another one of Azure NPM's. */
const isNameEnd = (code: number): boolean => code === BLANK || code === DASH

const isLineEnd = (piece: string, at: number): boolean => {
  const code = piece.charCodeAt(at)
  return code === 10 || code === 13 || Number.isNaN(code)
}

function grown(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

const NEW_ONLY = / --(?:ct)?state NEW(?: |$)/
const DROP = ' -j DROP'
const ENTRY = `${APPEND}${NPM_CHAIN} `
const FORWARD = `${APPEND}${FORWARD_CHAIN} `
const policyJumps = Object.values(directionChains).map(chain => `${APPEND}${chain} `)
const v1Rules = Object.values(v1RuleChains).flatMap(({ports, peers}) => [`${APPEND}${ports} `, `${APPEND}${peers} `])

/** What can be said of rules by their text alone. */
function structureOf(rules: readonly string[]): RuleStructure {
  const policies = new Set<string>()
  const drops: number[] = []
  let jump: number | null = null
  let hasJump = false
  let hasEntry = false
  let isV1 = false
  for (const [number, rule] of rules.entries()) {
    if (rule.startsWith(FORWARD)) {
      hasJump = true
      if (NEW_ONLY.test(rule)) jump ??= number
    } else if (rule.startsWith(ENTRY)) hasEntry = true
    else if (rule.endsWith(DROP)) drops.push(number)
    else if (v1Rules.some(start => rule.startsWith(start))) isV1 = true
    else if (policyJumps.some(start => rule.startsWith(start))) {
      const digest = policyDigestOf(targetOf(rule))
      if (digest !== undefined) policies.add(digest)
    }
  }
  return {rules, jump, drops, policies: isV1 ? null : policies.size, isActive: hasJump && hasEntry}
}

/** The last word of a rule whose target has no options. */
export const targetOf = (rule: string): string => rule.slice(rule.lastIndexOf(' ') + 1)

/** Both chains of a policy have its digest. */
const policyDigestOf = (chain: string): string | undefined => policyChain(chain) && chain.slice(chain.lastIndexOf('-') + 1)

/** The chain of a rule as printed. */
export const chainOf = (rule: string): string => rule.slice(APPEND.length, rule.indexOf(' ', APPEND.length))
