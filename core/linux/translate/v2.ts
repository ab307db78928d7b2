import type {Term} from '../../contract/common.ts'
import type {TranslatedPolicy, TranslatedRule} from '../../contract/translation.ts'
import type {Direction} from '../../names/kernel-name.ts'
import type {NameIndex} from '../../names/name-index.ts'
import type {Problem} from '../../problem/problem.ts'
import {describePorts} from '../../sets/describe-sets.ts'
import type {TermNames} from '../../sets/terms.ts'
import type {Rule} from '../iptables/model.ts'
import {ACCEPT_CHAIN, INGRESS_ALLOW_CHAIN} from '../npm/chain-names.ts'
import type {NpmChains} from '../npm/chains.ts'
import {isDropMark} from '../npm/marks.ts'
import {policyChain, policyFitsChain} from '../npm/policy-chain.ts'
import type {PolicyJump} from '../npm/policy-jumps.ts'
import {type RuleParts, ruleParts, unmodelled} from '../npm/rule-parts.ts'
import {namedTerms, translateRule} from './policy-rule.ts'

/** One policy and direction, found but not yet translated. */
export interface FoundPolicy {
  /** `namespace/name`, or `unknown`. */
  readonly policy: string
  readonly direction: Direction
  readonly chain: string
  /** Absent when no jump leads to the chain. */
  readonly jump?: Rule
}

/**
 * Finds the policies of an NPM v2: one for each jump, and one for each chain with rules that no jump leads to.
 *
 * @param known policies of the cluster objects, `namespace/name`; they name chains whose jumps have no comment
 */
export function findPolicies(
  chains: NpmChains,
  jumps: readonly PolicyJump[],
  known: readonly string[],
): {policies: FoundPolicy[]; staleChains: string[]; unresolved: string[]; problems: Problem[]} {
  const byHash = (chain: string): string | undefined => {
    const shape = policyChain(chain)
    return shape && known.find(policy => policyFitsChain(policy, {name: chain, ...shape}))
  }
  const policies = new Map<string, FoundPolicy>()
  for (const {rule, chain, direction, policy = byHash(chain) ?? 'unknown'} of jumps) {
    const key = `${chain} ${policy} ${policy === 'unknown' ? rule.position : ''}`
    // Re-adding a policy can leave a second, equal jump; the first one is passed first.
    if (!policies.has(key)) policies.set(key, {policy, direction, chain, jump: rule})
  }
  const reached = new Set(jumps.map(({chain}) => chain))
  const unreached = chains.policyChains.filter(chain => !reached.has(chain))
  for (const chain of unreached.filter(chain => !chains.isEmpty(chain))) {
    const direction = policyChain(chain)?.direction ?? 'Ingress'
    policies.set(chain, {policy: byHash(chain) ?? 'unknown', direction, chain})
  }
  const ranked = [...policies.values()].map(policy => ({policy, rank: rank(policy)}))
  const all = ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).map(({policy}) => policy)
  return {
    policies: all,
    staleChains: chains.isComplete ? unreached.filter(chain => chains.isEmpty(chain)) : [],
    unresolved: [...new Set(all.flatMap(({policy, chain}) => (policy === 'unknown' ? [chain] : [])))],
    problems: collisions(all, chains.table?.file),
  }
}

const rank = ({policy, direction, chain}: FoundPolicy): string =>
  `${policy === 'unknown' ? '\uffff' : policy} ${direction === 'Ingress' ? 0 : 1} ${chain}`

function collisions(policies: readonly FoundPolicy[], file: string | undefined): Problem[] {
  const byChain = new Map<string, Set<string>>()
  for (const {chain, policy} of policies) byChain.set(chain, (byChain.get(chain) ?? new Set()).add(policy))
  return [...byChain].flatMap(([chain, names]) =>
    names.size < 2
      ? []
      : [
          {
            code: 'CHAIN_COLLISION' as const,
            ...(file !== undefined && {file}),
            message: `policies ${[...names].join(' and ')} share chain ${chain}: the rules of one apply to the pods of the other, and some may be lost`,
            next: 'Rename one of the policies, or upgrade to an Azure NPM with SHA-256 names.',
          },
        ],
  )
}

/** What a rule of a policy chain does. Old releases used whole-word marks. */
export function actionOf(rule: Rule, direction: Direction): TranslatedRule['action'] {
  const {target} = rule
  const allow = direction === 'Ingress' ? INGRESS_ALLOW_CHAIN : ACCEPT_CHAIN
  if (target?.kind === 'jump' || target?.kind === 'extension')
    return (target.kind === 'jump' ? target.chain : target.name) === allow ? 'allow' : 'unknown'
  return target?.kind === 'mark' && isDropMark(target.value, direction) ? 'drop' : 'unknown'
}

/** Whom a jump applies to. Azure NPM asks for the policy's own pods only; any further condition is somebody else's. */
export function jumpSubject(
  jump: Rule,
  direction: Direction,
  names: TermNames,
  book: NameIndex,
): {appliesTo: Term[]; subject: string} {
  const parts = ruleParts(jump)
  const {sources, destinations} = namedTerms(parts, names, book)
  const [appliesTo, peers] = direction === 'Ingress' ? [destinations, sources] : [sources, destinations]
  const words = [names.say(appliesTo)]
  if (peers.length > 0) words.push(`(only traffic ${direction === 'Ingress' ? 'from' : 'to'} ${names.say(peers)})`)
  const rest = [...unmodelled(parts), ...describeOwnConditions(parts)]
  if (rest.length > 0) words.push(`(only if also ${rest.join(' ')})`)
  return {appliesTo, subject: words.join(' ')}
}

function describeOwnConditions({protocol, ports, namedPort}: RuleParts): string[] {
  if (protocol === null && ports === null && namedPort === undefined) return []
  return [describePorts(protocol, namedPort ?? ports?.from ?? null, ports && ports.to !== ports.from ? ports.to : null)]
}

/** Translates one found policy with all rules of its chain. */
export function translatePolicy(found: FoundPolicy, chains: NpmChains, names: TermNames, book: NameIndex): TranslatedPolicy {
  const {policy, direction, chain, jump} = found
  const {appliesTo, subject} = jump
    ? jumpSubject(jump, direction, names, book)
    : {appliesTo: [], subject: 'unknown: no jump leads to this chain'}
  return {
    policy,
    direction,
    chain,
    enforced: jump !== undefined,
    appliesTo,
    subject,
    packets: jump?.packets ?? null,
    bytes: jump?.bytes ?? null,
    rules: chains.rules(chain).map(rule => translateRule(rule, actionOf(rule, direction), direction, names, book)),
  }
}
