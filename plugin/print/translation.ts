import type {Where} from '../../core/contract/common.ts'
import type {TranslatedPolicy} from '../../core/contract/translation.ts'
import type {TranslationFacts} from '../../core/dataplane/node-translation.ts'
import {FORWARD_CHAIN, NPM_CHAIN} from '../../core/dataplanes.ts'
import {type Column, columns} from './columns.ts'
import {incompleteLines} from './incomplete.ts'
import type {Paint, Style} from './paint.ts'
import type {SortRows} from './sort-rows.ts'
import {whereText} from './where.ts'

const SCHEME_WORDS = {
  fnv32a: 'decimal set names (FNV-1a)',
  sha256: 'base36 set names (SHA-256)',
  mixed: 'set names of two releases (FNV-1a and SHA-256): an upgrade is under way or left sets behind',
  unknown: '',
} as const

const GENERATION_WORDS = {
  v1: 'Azure NPM v1',
  v2: 'Azure NPM v2',
  mixed: 'rules of Azure NPM v1 and v2 together',
  absent: 'no Azure NPM',
  unknown: 'no rules read',
} as const

/** A translation as far as it is shown. */
interface ShownTranslation {
  readonly facts: TranslationFacts
  readonly isFiltered: boolean
  policies(): Iterable<TranslatedPolicy>
}

/** How much of a translation is shown. */
export type Detail =
  /** Each rule in words, and of a node with very many rules a line for each policy. */
  | 'usual'
  /** A line for each policy. */
  | 'list'
  /** Each rule, however many there are. */
  | 'all'
  /** Each rule with its place. */
  | 'wide'

/** How a list of policies looks. */
export interface PolicyListLook {
  /** By default in the order of the node. */
  readonly sort?: SortRows<ListedPolicy>
  readonly hasHeaders?: boolean
}

/** A node with more rules than this has more than anybody reads from top to bottom. */
const MOST_RULES = 200

/** A translation for a person: the node, its policies, and without a filter Azure NPM's own chains. */
export function* translationLines(
  translation: ShownTranslation,
  paint: Paint,
  detail: Detail,
  look: PolicyListLook = {},
): Generator<string> {
  const {facts, isFiltered} = translation
  const isWide = detail === 'wide'
  yield* headLines(facts, paint)
  const policies = translation.policies()[Symbol.iterator]()
  const {first, isMore} = detail === 'usual' && !isFiltered ? untilMany(policies) : {first: [], isMore: false}
  if (isMore || detail === 'list') yield* policyListLines(joined(first, policies), paint, look)
  else {
    let count = 0
    for (const policy of joined(first, policies)) {
      count++
      yield* policyLines(policy, paint, isWide)
    }
    if (count === 0) {
      yield ''
      yield isFiltered ? 'No policy fits the filters.' : 'No policy is programmed.'
    }
  }
  if (!isFiltered) yield* baseLines(facts, paint, isWide)
  yield* incompleteLines('Not in the input: more may be programmed than is shown', facts.incomplete, paint)
}

/** Translations of several nodes, one below the other, and what they come to together. */
export function* translationListLines(
  translations: readonly ShownTranslation[],
  paint: Paint,
  detail: Detail,
  look: PolicyListLook = {},
): Generator<string> {
  const met = new Set<string>()
  for (const translation of translations) {
    yield* translationLines(
      {
        ...translation,
        *policies() {
          for (const policy of translation.policies()) {
            met.add(policy.policy)
            yield policy
          }
        },
      },
      paint,
      detail,
      look,
    )
    yield ''
  }
  const off = translations.filter(({facts}) => facts.active === false).length
  const sum = `${translations.length} nodes, ${met.size} ${met.size === 1 ? 'policy' : 'policies'}${off > 0 ? `, ${off} of them with nothing in force` : ''}`
  yield paint(sum, 'bold')
}

/** Policies up to the one with which there are more rules than are shown each, and whether there are so many. */
function untilMany(policies: Iterator<TranslatedPolicy>): {first: TranslatedPolicy[]; isMore: boolean} {
  const first: TranslatedPolicy[] = []
  let count = 0
  for (let next = policies.next(); !next.done; next = policies.next()) {
    first.push(next.value)
    count += next.value.rules.length
    if (count > MOST_RULES) return {first, isMore: true}
  }
  return {first, isMore: false}
}

function* joined(first: readonly TranslatedPolicy[], rest: Iterator<TranslatedPolicy>): Generator<TranslatedPolicy> {
  yield* first
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
}

/** What a list says of a policy and direction: the rules themselves may be too many to keep. */
export interface ListedPolicy {
  readonly policy: string
  readonly direction: string
  readonly pods: string
  readonly rules: number
  readonly packets: string
  readonly isReached: boolean
  /** All of it, only where rows are sorted: a path may look into it. */
  readonly item?: TranslatedPolicy
}

/** What a list says of one. */
export const listedPolicy = ({policy, direction, subject, rules, packets, enforced, chain}: TranslatedPolicy): ListedPolicy => ({
  policy: policy === 'unknown' ? `unknown (${chain})` : policy,
  direction,
  pods: subject,
  rules: rules.length,
  packets: packetsOf(packets, rules),
  isReached: enforced,
})

/** All columns of the list of policies. */
export const policyListColumns: readonly Column<ListedPolicy>[] = [
  {header: 'POLICY', value: ({policy}) => policy},
  {header: 'DIRECTION', value: ({direction}) => direction},
  {header: 'RULES', value: ({rules}) => String(rules), align: 'right'},
  {header: 'PACKETS', value: ({packets}) => packets, align: 'right'},
  {
    header: 'APPLIES TO',
    value: ({pods, isReached}) => (isReached ? pods : `${pods}  NOT REACHED: no jump leads to its chain`),
    style: ({isReached}) => (isReached ? undefined : 'red'),
  },
]

/** A line for each policy and direction, and what to type for its rules. */
function* policyListLines(
  policies: Iterable<TranslatedPolicy>,
  paint: Paint,
  {sort, hasHeaders = true}: PolicyListLook,
): Generator<string> {
  const rows: ListedPolicy[] = []
  for (const policy of policies) rows.push({...listedPolicy(policy), ...(sort && {item: policy})})
  const rules = rows.reduce((sum, row) => sum + row.rules, 0)
  const names = new Set(rows.map(({policy}) => policy)).size
  yield ''
  if (rows.length > 0) yield* columns(sort ? sort(rows) : rows, policyListColumns, paint, hasHeaders)
  yield ''
  yield paint(
    `${names} ${names === 1 ? 'policy' : 'policies'} with ${rules} rules. The rules of one: --policy NAMESPACE/NAME; of all: --all`,
  )
}

/** Those that came to the chain, or else those that its rules counted. */
function packetsOf(packets: number | null, rules: TranslatedPolicy['rules']): string {
  if (packets !== null) return String(packets)
  const counted = rules.flatMap(rule => rule.packets ?? [])
  return counted.length === 0 ? '-' : String(counted.reduce((sum, each) => sum + each, 0))
}

/** What a person must know first: which node, which NPM, whether it enforces anything, and how packets get there. */
function* headLines(facts: TranslationFacts, paint: Paint): Generator<string> {
  const {node, backend, generation, nameScheme, release} = facts
  const about = [
    `node ${node}`,
    GENERATION_WORDS[generation],
    release ? (release.from === 'unknown' ? 'release unknown' : release.name) : '',
    backend === 'unknown' ? '' : backend === 'hns' ? 'HNS' : `iptables ${backend}`,
    SCHEME_WORDS[nameScheme],
  ]
  yield paint(about.filter(part => part !== '').join(', '), 'bold')
  const {words, style} = enforcement(facts)
  yield paint(words, style)
}

function enforcement(facts: TranslationFacts): {words: string; style: Style} {
  return facts.backend === 'hns' ? hnsEnforcement(facts) : chainEnforcement(facts)
}

/** On Windows no jump leads to the rules: HNS asks the ACLs of each endpoint. */
function hnsEnforcement({active}: TranslationFacts): {words: string; style: Style} {
  if (active === null) return {words: 'Nothing is known about what is enforced: no endpoints of HNS were given.', style: 'yellow'}
  return active
    ? {words: 'Active: HNS asks the ACLs of each endpoint, those of the lowest priority first.', style: 'green'}
    : {words: 'No endpoint has an ACL of a policy: nothing is enforced on this node.', style: 'yellow'}
}

function chainEnforcement({generation, active, jump}: TranslationFacts): {words: string; style: Style} {
  if (generation === 'unknown')
    return {words: 'Nothing is known about what is enforced: no iptables rules were given.', style: 'yellow'}
  if (active === null)
    return {words: 'Whether anything is enforced is unknown: the save does not hold all rules.', style: 'yellow'}
  if (generation === 'absent') return {words: 'Azure NPM has no chain here: it enforces nothing on this node.', style: 'yellow'}
  if (!jump) return {words: `NOT ENFORCED: ${FORWARD_CHAIN} has no jump to ${NPM_CHAIN}.`, style: 'red'}
  const judged = jump.ctstate === null ? 'all packets' : `packets whose connection is ${jump.ctstate}`
  if (!active)
    return {
      words: `Inactive: rule ${jump.where.position} of ${FORWARD_CHAIN} leads to ${NPM_CHAIN}, which is empty. No policy is enforced.`,
      style: 'yellow',
    }
  return {words: `Active: rule ${jump.where.position} of ${FORWARD_CHAIN} sends ${judged} to ${NPM_CHAIN}.`, style: 'green'}
}

const actionStyle = {allow: 'green', drop: 'red', unknown: 'yellow'} as const

/** One policy and direction: whom it applies to, then its rules as numbered sentences. */
function* policyLines(policy: TranslatedPolicy, paint: Paint, isWide: boolean): Generator<string> {
  const {rules, direction, chain, packets, candidates = []} = policy
  yield ''
  const state = policy.enforced ? '' : '  NOT REACHED: no jump leads to its chain'
  yield paint(policy.policy === 'unknown' ? 'unknown policy' : policy.policy, 'bold') +
    paint(`  ${direction}  ${policy.subject}`) +
    paint(state, 'red')
  if (candidates.length > 0) yield paint(`  made by one or several of: ${candidates.join(', ')}`)
  if (isWide) yield paint(`  chain ${chain}${packets === null ? '' : `, ${packets} packets`}`, 'dim')
  const numbers = String(rules.length).length
  const counters = rules.map(rule => (rule.packets === null ? '-' : String(rule.packets)))
  const width = counters.reduce((widest, {length}) => Math.max(widest, length), 'PACKETS'.length)
  yield paint(`  ${'#'.padStart(numbers)}  ${'PACKETS'.padStart(width)}  RULE`, 'dim')
  for (const [index, rule] of rules.entries()) {
    const verb = rule.text.slice(0, rule.text.indexOf(' '))
    const place = isWide ? `  [${placeWithin(rule.where, chain)}]` : ''
    const head = `  ${String(index + 1).padStart(numbers)}  ${(counters[index] as string).padStart(width)}  `
    yield head + paint(verb, actionStyle[rule.action]) + paint(rule.text.slice(verb.length)) + paint(place, 'dim')
  }
}

/** Where a rule stands; the chain that it is listed under goes without saying. */
function placeWithin(where: Where, chain: string): string {
  if (!('chain' in where)) return whereText(where)
  return where.chain === chain ? `line ${where.line}` : `${whereText(where)}, line ${where.line}`
}

/** Azure NPM's own chains: what each is for, and in the wide form each of their rules. */
function* baseLines(facts: TranslationFacts, paint: Paint, isWide: boolean): Generator<string> {
  if (facts.baseChains.length === 0) return
  yield ''
  yield paint('Base chains', 'bold')
  const width = Math.max(...facts.baseChains.map(({chain}) => chain.length))
  for (const {chain, meaning, rules} of facts.baseChains) {
    yield paint(
      `  ${chain.padEnd(width)}  ${rules.length === 0 && chain === NPM_CHAIN ? 'empty: no policy is enforced' : meaning}`,
    )
    if (isWide)
      for (const {where, text, packets} of rules)
        yield paint(`    ${'chain' in where ? where.position : `[${whereText(where)}]`}  ${packets ?? '-'}  ${text}`, 'dim')
  }
  if (facts.staleChains.length > 0)
    yield paint(`  left over, empty and without a jump, harmless: ${facts.staleChains.join(', ')}`, 'dim')
}
