import type {Direction} from '../../names/kernel-name.ts'
import type {BuiltSet} from '../../policy/built-set.ts'
import type {NamedSet, SetCondition} from '../../policy/named-set.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {NpmPolicyPort} from '../../policy/npm-policy-ports.ts'
import type {Semantics} from '../../policy/program.ts'
import type {ReleaseLine} from '../../policy/release.ts'
import type {Match} from '../iptables/model.ts'
import {directionChains} from '../npm/chain-names.ts'
import {jumpComment, ruleComment, type SpellSet, takenComment} from '../npm/print-comment.ts'
import type {LinuxPolicy, ProgramRule} from '../npm/program.ts'
import {linuxReleaseFacts} from '../npm/release-facts.ts'
import {bootRules} from './base-chains.ts'

/** The kernel names for one policy, and the options that its rules depend on. */
export interface RuleNames {
  readonly semantics: Semantics
  readonly release: ReleaseLine | undefined
  readonly setOf: (set: NamedSet) => BuiltSet
  readonly chainOf: (direction: Direction) => string
}

/** Compiles a translated policy into rules with kernel names. */
export function rulesOfPolicy(translated: NpmPolicy, names: RuleNames): LinuxPolicy {
  const {policy, target} = translated
  const used = new Set<string>()
  const spell: SpellSet = ({set}) => names.setOf(set).hashed
  const {hasRuleComments} = linuxReleaseFacts(names.release)
  const {actions} = bootRules(names.release)
  const comment = (text: string): Match[] =>
    hasRuleComments ? [{kind: 'comment', text: names.semantics === 'npm' ? text : takenComment(text)}] : []
  const matches = (terms: readonly SetCondition[], sides: string): Match[] =>
    terms.map(({set, negated}) => {
      const {kernelName} = names.setOf(set)
      used.add(kernelName)
      return {kind: 'set', set: kernelName, sides, negated}
    })
  const chains = translated.chains.map(({direction, rules}) => {
    const chain = names.chainOf(direction)
    const [own, other] = direction === 'Ingress' ? (['dst', 'src'] as const) : (['src', 'dst'] as const)
    const jump: ProgramRule = {
      chain: directionChains[direction],
      matches: [...matches(target, own), ...comment(jumpComment(policy, direction, target, spell))],
      target: {kind: 'jump', chain, goto: false},
      policy,
    }
    const ruleList = rules.map((rule): ProgramRule => {
      const sets = matches(rule.peer, other)
      const {namedPort} = rule.port
      const ports = namedPort ? matches([{set: namedPort, negated: false}], 'dst,dst') : []
      const text = ruleComment(rule, direction, spell)
      return {
        chain,
        matches: [...portMatches(rule.port), ...sets, ...ports, ...comment(text)],
        target: actions[direction][rule.action],
        policy,
      }
    })
    return {direction, chain, jump, rules: ruleList}
  })
  return {policy, chains, sets: [...used]}
}

/** The matches for protocol and port. They come first, because iptables-save prints them before the other matches. */
function portMatches({protocol: upper, port}: NpmPolicyPort): Match[] {
  if (upper === undefined) return []
  const protocol = upper.toLowerCase()
  const matches: Match[] = [{kind: 'protocol', protocol, negated: false}]
  if (port) matches.push({kind: 'ports', protocol, destination: {...port, negated: false}})
  return matches
}
