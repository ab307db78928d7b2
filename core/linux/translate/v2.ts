import type {Term} from '../../contract/common.ts'
import type {TranslatedPolicy, TranslatedRule} from '../../contract/translation.ts'
import type {Direction} from '../../names/kernel-name.ts'
import type {NameIndex} from '../../names/name-index.ts'
import {describePorts} from '../../sets/describe-sets.ts'
import type {TermNames} from '../../sets/terms.ts'
import type {Rule} from '../iptables/model.ts'
import {ACCEPT_CHAIN, INGRESS_ALLOW_CHAIN} from '../npm/chain-names.ts'
import type {NpmChains} from '../npm/chains.ts'
import type {FoundPolicy} from '../npm/found-policies.ts'
import {isDropMark} from '../npm/marks.ts'
import {type RuleParts, ruleParts, unmodelled} from '../npm/rule-parts.ts'
import {namedTerms, translateRule} from './policy-rule.ts'

/** The action of a rule in a policy chain, for the marks of any release. */
export function actionOf(rule: Rule, direction: Direction): TranslatedRule['action'] {
  const {target} = rule
  const allow = direction === 'Ingress' ? INGRESS_ALLOW_CHAIN : ACCEPT_CHAIN
  if (target?.kind === 'jump' || target?.kind === 'extension')
    return (target.kind === 'jump' ? target.chain : target.name) === allow ? 'allow' : 'unknown'
  return target?.kind === 'mark' && isDropMark(target.value, direction) ? 'drop' : 'unknown'
}

/** The pods that a jump selects. Azure NPM writes conditions on the policy's own pods only; others were added by hand. */
export function jumpSubject(
  jump: Rule,
  direction: Direction,
  names: TermNames,
  nameIndex: NameIndex,
): {appliesTo: Term[]; subject: string} {
  const parts = ruleParts(jump)
  const {sources, destinations} = namedTerms(parts, names, nameIndex)
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
export function translatePolicy(found: FoundPolicy, chains: NpmChains, names: TermNames, nameIndex: NameIndex): TranslatedPolicy {
  const {policy, direction, chain, jump} = found
  const {appliesTo, subject} = jump
    ? jumpSubject(jump, direction, names, nameIndex)
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
    rules: chains.rules(chain).map(rule => translateRule(rule, actionOf(rule, direction), direction, names, nameIndex)),
  }
}
