import type {Direction} from '../../names/kernel-name.ts'
import type {BuiltSet} from '../../policy/built-set.ts'
import type {NamedSet, SetCondition} from '../../policy/named-set.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {NpmPolicyPort} from '../../policy/npm-policy-ports.ts'
import type {Semantics} from '../../policy/program.ts'
import type {ReleaseLine} from '../../policy/release.ts'
import {CombinedRules, firstUses} from '../../policy/rule-list.ts'
import type {Match} from '../iptables/model.ts'
import {directionChains} from '../npm/chain-names.ts'
import {jumpComment, peerWords, portWords, type SpellSet, takenComment} from '../npm/print-comment.ts'
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
    terms.map(({set, negated}) => ({kind: 'set', set: names.setOf(set).kernelName, sides, negated}))
  /** Notes sets in the order of the rules. */
  const use = (terms: readonly SetCondition[]): void => {
    for (const {set} of terms) used.add(names.setOf(set).kernelName)
  }
  const chains = translated.chains.map(({direction, blocks}) => {
    const chain = names.chainOf(direction)
    const [own, other] = direction === 'Ingress' ? (['dst', 'src'] as const) : (['src', 'dst'] as const)
    use(target)
    const jump: ProgramRule = {
      chain: directionChains[direction],
      matches: [...matches(target, own), ...comment(jumpComment(policy, direction, target, spell))],
      target: {kind: 'jump', chain, goto: false},
      policy,
    }
    for (const [{peer}, {namedPort}] of firstUses(blocks)) {
      use(peer)
      if (namedPort) use([{set: namedPort, negated: false}])
    }
    // Kernel names may change later, so all that depends on them is made now; what a rule adds to that is made with it.
    const named = blocks.map(({peers, ports}) => ({
      peers: peers.map(peer => ({
        sets: matches(peer.peer, other),
        words: peerWords(peer, direction, spell),
        target: actions[direction][peer.action],
      })),
      ports: ports.map(port => ({
        numbers: portMatches(port),
        sets: port.namedPort ? matches([{set: port.namedPort, negated: false}], 'dst,dst') : [],
        words: portWords(port, spell),
      })),
    }))
    const rules = new CombinedRules(
      named,
      ({sets, words, target}, port): ProgramRule => ({
        chain,
        matches: [...port.numbers, ...sets, ...port.sets, ...comment(words + port.words)],
        target,
        policy,
      }),
    )
    return {direction, chain, jump, rules}
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
