import type {Term} from '../../contract/common.ts'
import type {TranslatedRule} from '../../contract/translation.ts'
import type {Direction} from '../../names/kernel-name.ts'
import type {NameIndex} from '../../names/name-index.ts'
import {describePorts} from '../../sets/describe-sets.ts'
import type {TermNames} from '../../sets/terms.ts'
import type {Rule} from '../iptables/model.ts'
import {commentTerms, namesInRule, type RuleNames} from '../npm/learn-names.ts'
import {placeOf} from '../npm/place-of.ts'
import {type RuleParts, ruleParts, type SetMatch, unmodelled} from '../npm/rule-parts.ts'

/** A rule's set matches by name, grouped by the side of the packet that they match. */
export interface NamedTerms {
  readonly sources: Term[]
  readonly destinations: Term[]
  readonly namedPort: string | undefined
}

/** Names a rule's set matches. */
export function namedTerms(parts: RuleParts, names: TermNames, nameIndex: NameIndex): NamedTerms {
  const {namedPort: portSet} = parts
  const isAmbiguous = (set: string) => nameIndex.namesOf(set).length > 1
  // The index already has all names of comments. A rule's own comment only has to decide between names that collide.
  const needsComment =
    nameIndex.hasCollisions && (parts.sets.some(({set}) => isAmbiguous(set)) || (portSet !== undefined && isAmbiguous(portSet)))
  const inRule: RuleNames = needsComment ? namesInRule(parts, commentTerms(parts), nameIndex) : {sets: []}
  const terms = parts.sets.map((match, index) => names.term(match, inRule.sets[index]))
  const termOf = (match: SetMatch) => terms[parts.sets.indexOf(match)] as Term
  const portName =
    inRule.namedPort ??
    (portSet === undefined
      ? undefined
      : nameIndex
          .namesOf(portSet)
          .map(({name}) => name)
          .join(' | '))
  return {
    sources: parts.sources.map(termOf),
    destinations: parts.destinations.map(termOf),
    namedPort: portSet && (portName ? portName.replaceAll('namedport:', '') : `unknown (${portSet})`),
  }
}

/** Translates one rule of a policy's own chain. */
export function translateRule(
  rule: Rule,
  action: TranslatedRule['action'],
  direction: Direction,
  names: TermNames,
  nameIndex: NameIndex,
): TranslatedRule {
  const parts = ruleParts(rule)
  return translateNamedRule(rule, parts, namedTerms(parts, names, nameIndex), action, direction, names)
}

/**
 * Translates one rule of a policy.
 *
 * @param parts of the rule
 * @param named its set matches by name
 * @param isSubject whether a term selects the policy's own pods. v1 repeats these terms in every rule; they are left out of
 *   the peers.
 */
export function translateNamedRule(
  rule: Rule,
  parts: RuleParts,
  named: NamedTerms,
  action: TranslatedRule['action'],
  direction: Direction,
  names: TermNames,
  isSubject?: (term: Term) => boolean,
): TranslatedRule {
  const others = unmodelled(parts)
  const {protocol, ports} = parts
  const port = named.namedPort ?? ports?.from ?? null
  const endPort = ports && ports.to !== ports.from ? ports.to : null
  const peersOf = (terms: Term[]) => (isSubject ? terms.filter(term => !isSubject(term)) : terms)
  const sources = direction === 'Ingress' ? named.sources : peersOf(named.sources)
  const destinations = direction === 'Ingress' ? peersOf(named.destinations) : named.destinations
  const translated: TranslatedRule = {
    where: placeOf(rule),
    action,
    protocol,
    port,
    endPort,
    sources,
    destinations,
    packets: rule.packets ?? null,
    bytes: rule.bytes ?? null,
    text: sentence({action, protocol, port, endPort, sources, destinations}, direction, others, names),
    source: rule.source,
  }
  return others.length > 0 ? {...translated, unmodelled: others} : translated
}

function sentence(
  rule: Pick<TranslatedRule, 'action' | 'protocol' | 'port' | 'endPort' | 'sources' | 'destinations'>,
  direction: Direction,
  others: readonly string[],
  names: TermNames,
): string {
  const peers = direction === 'Ingress' ? rule.sources : rule.destinations
  const own = direction === 'Ingress' ? rule.destinations : rule.sources
  const isForAll = peers.length === 0 && rule.protocol === null && rule.port === null && own.length === 0 && others.length === 0
  if (rule.action === 'drop' && isForAll) return 'drop everything else, unless another policy allows it'
  const words = [rule.action === 'unknown' ? 'do something unknown with' : rule.action]
  words.push(describePorts(rule.protocol, rule.port, rule.endPort))
  words.push(direction === 'Ingress' ? 'from' : 'to', names.say(peers))
  // In a policy's chain, Azure NPM never matches the policy's own pods again. A rule added by hand may.
  if (own.length > 0) words.push(direction === 'Ingress' ? 'to' : 'from', names.say(own))
  if (others.length > 0) words.push(`if also ${others.join(' ')}`)
  return words.join(' ')
}
