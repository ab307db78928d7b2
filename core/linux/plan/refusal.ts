import type {ToldStep} from '../../dataplane/plan.ts'
import type {Match} from '../iptables/model.ts'
import {FORWARD_CHAIN, NPM_CHAIN} from '../npm/chain-names.ts'
import {KEPT_COMMENT_BYTES} from '../npm/limits.ts'
import {printRuleLine, printSetLine, type RuleLine, type SetLine} from './line.ts'
import {OWN_CHAIN_NAME, OWN_SET_NAME} from './own-names.ts'
import {ruleLineOf, setLineOf} from './parsed-line.ts'
import {isOwnSet} from './part.ts'
import {leadsTo, PartRule} from './part-rule.ts'
import {isUsualRule} from './usual-rule.ts'

/**
 * Why lines must not be run. Undefined when they change nothing but Azure NPM's chains, the jump to them and Azure NPM's sets. A plan
 * comes from elsewhere, so each line is read strictly: it must be what the lines of a plan are, character for character.
 */
export function refusal(steps: readonly Pick<ToldStep, 'tool' | 'operations'>[]): string | undefined {
  let buckets = 0
  for (const {tool, operations} of steps)
    for (const operation of operations) {
      buckets += bucketsOf(operation.line)
      const reason = reasonAgainst(tool, operation) ?? (buckets > MOST_BUCKETS ? TOO_LARGE : undefined)
      if (reason !== undefined)
        return `the line ${JSON.stringify(operation.line.slice(0, 200))} for ${tool} is refused: ${reason}`
    }
  return undefined
}

/**
 * The kernel makes the table of a set when it is created, eight bytes a bucket, whether anything comes into it or not. Sets that have grown
 * to millions of members stay far below.
 */
const MOST_BUCKETS = 2 ** 24
/** So many are not counted of each: a node has thousands of sets. */
const USUAL_BUCKETS = 4096
const TOO_LARGE = 'the tables of the sets of this plan would take more than 128 MiB of the kernel'
const HASHSIZE = /^create .* hashsize (\d+)/

function bucketsOf(line: string): number {
  const size = line.startsWith('create ') ? Number(HASHSIZE.exec(line)?.[1] ?? 0) : 0
  return Math.max(0, size - USUAL_BUCKETS)
}

/** Printable ASCII: line breaks would end a line in the middle, other characters may count as blanks somewhere. */
const PLAIN = /^[\x20-\x7e]{1,4000}$/

function reasonAgainst(tool: ToldStep['tool'], operation: ToldStep['operations'][number]): string | undefined {
  const {line: text} = operation
  if (tool === 'ipset' ? ADDS.test(text) : tool === 'iptables' && isUsualAppend(text)) return undefined
  if (!PLAIN.test(text)) return 'it has characters that no line of a plan has'
  if (tool === 'ipset') {
    const line = setLineOf(operation)
    return line && printSetLine(line) === text ? againstSetLine(line) : 'it is no line that a plan has'
  }
  if (tool !== 'iptables') return 'there is no such tool on Linux'
  const line = ruleLineOf(operation)
  return line && printRuleLine(line) === text ? againstRuleLine(line) : 'it is no line that a plan has'
}

const TYPE = /^(?:hash:(?:ip|net)(?:,(?:ip|net|port)){0,2}|list:set)$/
const OPTIONS: Readonly<Record<string, RegExp>> = {
  family: /^inet$/,
  hashsize: /^\d{1,10}$/,
  maxelem: /^\d{1,10}$/,
  size: /^\d{1,10}$/,
}
const ADDRESS = String.raw`(?:\d{1,3}\.){3}\d{1,3}`
const MEMBER = new RegExp(`^(?:${ADDRESS}(?:/\\d{1,2})?|${ADDRESS},(?:tcp|udp|sctp):\\d{1,5})$`)

/** What nearly all lines of a large plan are: all that is asked of a line holds for these. */
const ADDS = new RegExp(
  `^add ${OWN_SET_NAME} (?:${ADDRESS}(?:/\\d{1,2})?|${ADDRESS},(?:tcp|udp|sctp):\\d{1,5}|${OWN_SET_NAME})(?: nomatch)?$`,
)

/** The same for rules. */
function isUsualAppend(text: string): boolean {
  const [start] = APPENDED.exec(text) ?? []
  return start !== undefined && isUsualRule(text.slice(start.length))
}

const isMember = (entry: string): boolean => MEMBER.test(entry) || isOwnSet(entry)

function againstSetLine(line: SetLine): string | undefined {
  if (!isOwnSet(line.set)) return `${line.set} is no set of Azure NPM`
  switch (line.does) {
    case 'create': {
      if (!TYPE.test(line.type)) return `Azure NPM has no sets of type ${line.type}`
      const other = [...line.options].find(([key, value]) => !OPTIONS[key]?.test(value))
      return other && `Azure NPM makes no set with ${other.join(' ')}`
    }
    case 'add': {
      const [entry = '', word, ...rest] = line.member.split(' ')
      return isMember(entry) && (word === undefined || word === 'nomatch') && rest.length === 0 ? undefined : 'it is no member'
    }
    case 'del':
      return isMember(line.entry) ? undefined : 'it is no member'
    case 'swap':
      return isOwnSet(line.other) ? undefined : `${line.other} is no set of Azure NPM`
    default:
      return undefined
  }
}

const CHAIN = new RegExp(`^${OWN_CHAIN_NAME}$`)
const APPENDED = new RegExp(`^-A ${OWN_CHAIN_NAME} `)
/** The jumps that releases of Azure NPM have. */
const JUMPS = new Set([`-m conntrack --ctstate NEW -j ${NPM_CHAIN}`, `-j ${NPM_CHAIN}`])

function againstRuleLine(line: RuleLine): string | undefined {
  const {chain} = line
  if (chain === FORWARD_CHAIN) {
    if (line.does === 'insert' && JUMPS.has(line.rule.text)) return undefined
    if (line.does !== 'deleteRule') return `in ${FORWARD_CHAIN} only the jump to ${NPM_CHAIN} is changed`
    return leadsTo(line.rule) === NPM_CHAIN ? againstRule(line.rule) : `the rule of ${FORWARD_CHAIN} is another program's`
  }
  if (!CHAIN.test(chain)) return `${chain} is no chain of Azure NPM`
  return 'rule' in line ? againstRule(line.rule) : undefined
}

function againstRule({text, matches, target}: PartRule): string | undefined {
  // What is read must say the same again: nothing was skipped, and nothing is read otherwise by the tool.
  if (PartRule.of({matches, ...(target && {target})}).text !== text) return 'its rule is not written as iptables prints it'
  const match = matches.find(each => !isKnown(each))
  if (match)
    return `Azure NPM's rules have no condition like ${match.kind === 'extension' ? match.module || match.options : match.kind} here`
  switch (target?.kind) {
    case undefined:
    case 'mark':
    case 'verdict':
      return undefined
    case 'jump':
      return target.goto || !CHAIN.test(target.chain) ? `it leads to ${target.chain}` : undefined
    case 'extension':
      return `its target is ${target.name}`
  }
}

function isKnown(match: Match): boolean {
  switch (match.kind) {
    case 'protocol':
      return /^[a-z0-9-]{1,16}$/.test(match.protocol)
    case 'ports':
      return /^(?:tcp|udp|sctp)$/.test(match.protocol)
    case 'address':
      return /^[\d./]{7,31}$/.test(match.block)
    case 'interface':
      return /^[\w.+-]{1,15}$/.test(match.name)
    case 'set':
      return isOwnSet(match.set) && /^(?:src|dst)(?:,(?:src|dst)){0,2}$/.test(match.sides)
    case 'mark':
      return true
    case 'state':
      return /^[A-Z,]{1,60}$/.test(match.states)
    case 'comment':
      return match.text.length > 0 && match.text.length <= KEPT_COMMENT_BYTES && !/["'\\]/.test(match.text)
    case 'extension':
      return false
  }
}
