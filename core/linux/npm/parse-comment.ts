import type {Direction} from '../../names/kernel-name.ts'
import {KEPT_COMMENT_BYTES} from './limits.ts'

/**
 * The comments on NPM v2's rules, since v1.4.17. A jump's comment names its policy and the pods that it selects; a rule's
 * comment spells out its conditions. Both list prefixed set names in the order of the rule's set matches, so the i-th name
 * belongs to the i-th set.
 */

/** The parsed comment of a jump to a policy chain. */
export interface JumpComment {
  readonly direction: Direction
  /** `namespace/name` */
  readonly policy: string
  /** Set names joined by `-AND-`; a negated one has an exclamation mark before it. */
  readonly terms: string
  /** Whether iptables may have cut the comment. */
  readonly isCut: boolean
}

// Namespaces and policy names are lower case, so the first capital word ends the policy.
const JUMP = /^(INGRESS|EGRESS)-POLICY-([a-z0-9.-]+\/[a-z0-9.-]+?)-(?:TO|FROM)-(.*)$/s

/**
 * Parses the comment of a jump to a policy chain: `INGRESS-POLICY-shop/db-TO-podlabel-app:db-AND-ns-shop-IN-ns-shop`.
 * Undefined for any other text.
 */
export function parseJumpComment(comment: string): JumpComment | undefined {
  const parts = JUMP.exec(comment)
  if (!parts) return undefined
  const policy = parts[2] as string
  const rest = parts[3] as string
  const tail = `-IN-ns-${policy.slice(0, policy.indexOf('/'))}`
  const isWhole = rest.endsWith(tail)
  return {
    direction: parts[1] === 'INGRESS' ? 'Ingress' : 'Egress',
    policy,
    terms: isWhole ? rest.slice(0, -tail.length) : rest,
    isCut: isLong(comment),
  }
}

/** Facts of a rule besides its comment. They determine where the names in the comment end. */
export interface RuleFacts {
  readonly protocol?: string | undefined
  /** As NPM spells it: `80` or `80:90`. */
  readonly port?: string | undefined
  readonly hasNamedPort: boolean
}

/** The parsed comment of a rule in a policy chain. */
export interface RuleComment {
  readonly terms: string
  /** The prefixed name of the named-port set, `namedport:http`. */
  readonly namedPort?: string
  readonly isCut: boolean
}

/**
 * Parses the comment of a rule in a policy chain: `ALLOW-FROM-podlabel-app:web-AND-ns-shop-ON-TCP-TO-PORT-80`. Undefined for
 * any other text.
 */
export function parseRuleComment(comment: string, facts: RuleFacts): RuleComment | undefined {
  const head = /^(?:ALLOW|DROP)-(?:ALL(?=-ON-|$)|(?:FROM|TO)-)/.exec(comment)
  if (!head) return undefined
  const rest = comment.slice(head[0].length)
  const onProtocol = facts.protocol === undefined ? '' : `-ON-${facts.protocol.toUpperCase()}`
  const toPort = facts.port === undefined ? '' : `-TO-PORT-${facts.port}`
  if (!facts.hasNamedPort) {
    const tail = onProtocol + toPort
    if (tail === '' || !rest.endsWith(tail)) return {terms: rest, isCut: isLong(comment)}
    return {terms: rest.slice(0, -tail.length), isCut: isLong(comment)}
  }
  const at = rest.lastIndexOf(`${onProtocol}-TO-namedport:`)
  if (at < 0) return {terms: rest, isCut: isLong(comment)}
  return {terms: rest.slice(0, at), namedPort: rest.slice(at + onProtocol.length + '-TO-'.length), isCut: isLong(comment)}
}

/**
 * Whether a comment may have been cut. A comment of that length may be cut even if its end looks complete, because the end
 * may be part of a label. Names before the cut are still valid. Azure NPM's comments are ASCII, so characters are bytes.
 */
const isLong = (comment: string): boolean => comment.length >= KEPT_COMMENT_BYTES

/** A set match whose name is wanted. */
export interface WantedName {
  readonly set: string
  readonly negated: boolean
}

/** A name that a comment gives to a set, and whether its hash is the set's kernel name. */
export interface NameClaim {
  readonly name: string
  readonly fits: boolean
}

/**
 * Finds the name of each set match in a comment's terms.
 *
 * Label values may contain `-AND-`, so the text is split in every possible way until all hashes match. If no split matches
 * and the comment is whole, names are paired by position, provided that their number is right; each reports whether it
 * fits. A cut comment gives only the names that match.
 *
 * @param fits whether a name hashes to a set
 * @returns one claim for each set; undefined if the comment has no name for it
 */
export function nameTerms(
  terms: string,
  sets: readonly WantedName[],
  isCut: boolean,
  fits: (name: string, set: string) => boolean,
): (NameClaim | undefined)[] {
  const found = splitToFit(terms, sets, isCut, fits)
  if (found.length === sets.length) return found.map(name => ({name, fits: true}))
  if (isCut) return sets.map((_, index) => (found[index] === undefined ? undefined : {name: found[index], fits: true}))
  const parts = terms === '' ? [] : terms.split(AND)
  if (parts.length !== sets.length) return sets.map(() => undefined)
  return sets.map((wanted, index) => {
    const name = stripped(parts[index] ?? '', wanted.negated) ?? parts[index] ?? ''
    return {name, fits: fits(name, wanted.set)}
  })
}

function stripped(part: string, negated: boolean): string | undefined {
  if (!negated) return part
  return part.startsWith('!') ? part.slice(1) : undefined
}

const AND = '-AND-'

/** Offsets at which names may end. Separators may share a dash: in `app:x-AND-AND-ns-y` the value is `x` or `x-AND`. */
function possibleEnds(terms: string): number[] {
  const ends: number[] = []
  for (let at = terms.indexOf(AND); at >= 0; at = terms.indexOf(AND, at + 1)) ends.push(at)
  return [...ends, terms.length]
}

/** Limit on the ends tried for one name. The search is depth first, and a wrong end fails at its first hash. */
const MOST_JOINS = 64

/**
 * Finds the names of the sets, from the first on, such that every hash matches. A whole comment must be used up, or the
 * result is empty. A cut one gives the longest run of names.
 */
function splitToFit(
  terms: string,
  sets: readonly WantedName[],
  isCut: boolean,
  fits: (name: string, set: string) => boolean,
): string[] {
  const ends = possibleEnds(terms)
  let best: string[] = []
  const names: string[] = []
  const tryFrom = (start: number): boolean => {
    if (names.length > best.length) best = [...names]
    const wanted = sets[names.length]
    if (!wanted) return start > terms.length || isCut
    const first = ends.findIndex(end => end > start)
    if (first < 0) return false
    for (const end of ends.slice(first, first + MOST_JOINS)) {
      const name = stripped(terms.slice(start, end), wanted.negated)
      if (name === undefined || !fits(name, wanted.set)) continue
      names.push(name)
      if (tryFrom(end + AND.length)) return true
      names.pop()
    }
    return false
  }
  const isWhole = tryFrom(0)
  return isWhole || isCut ? best : []
}
