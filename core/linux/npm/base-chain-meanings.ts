import type {BaseChain, Translation} from '../../contract/translation.ts'
import {type Match, type Rule, WHOLE_MARK} from '../iptables/model.ts'
import {printMark, printMatch, printTarget} from '../iptables/print.ts'
import {ACCEPT_CHAIN, directionChains, FORWARD_CHAIN, INGRESS_ALLOW_CHAIN, NPM_CHAIN, v1RuleChains} from './chain-names.ts'
import type {NpmChains} from './chains.ts'
import {bitMarks, type Marks, v1AllowMarks, wholeWordMarks} from './marks.ts'
import {placeOf} from './place-of.ts'
import {policyChain} from './policy-chain.ts'

/** The purpose of each of Azure NPM's own chains, in words. */
const COMMON_MEANINGS = {
  [NPM_CHAIN]: 'entry: ingress policies of the receiver first, then egress policies of the sender, then accept',
  [ACCEPT_CHAIN]: `accepts; later rules of ${FORWARD_CHAIN} are not seen any more`,
}
const v2Meanings = ({ingressAllowed}: Marks): Readonly<Record<string, string>> => ({
  ...COMMON_MEANINGS,
  [directionChains.Ingress]: 'sends packets to the ingress policies that select the receiver, then drops what they marked',
  [INGRESS_ALLOW_CHAIN]: `an ingress policy allowed the packet: marks it ${printMark(ingressAllowed)} and goes on to egress`,
  [directionChains.Egress]: 'sends packets to the egress policies that select the sender, then drops what they marked',
})
const V1_MEANINGS: Readonly<Record<string, string>> = {
  ...COMMON_MEANINGS,
  [directionChains.Ingress]: `looks for an ingress rule that allows the packet, marked ${printMark(v1AllowMarks.Ingress)} then, and drops it if a policy selects it`,
  [v1RuleChains.Ingress.ports]: 'ingress rules with ports, and rules for any peer',
  [v1RuleChains.Ingress.peers]: 'ingress rules with peers and no ports',
  [v1RuleChains.Ingress.drops]: 'drops what ingress policies select and no rule allowed',
  [directionChains.Egress]: `looks for an egress rule that allows the packet, marked ${printMark(v1AllowMarks.Egress)} then, and drops it if a policy selects it`,
  [v1RuleChains.Egress.ports]: 'egress rules with ports, and rules for any peer',
  [v1RuleChains.Egress.peers]: 'egress rules with peers and no ports',
  [v1RuleChains.Egress.drops]: 'drops what egress policies select and no rule allowed',
}

/** What one of Azure NPM's own chains is for, in each generation that has it; nothing for any other chain. */
export function baseChainPurposes(chain: string): {generation: 'v1' | 'v2'; meaning: string}[] {
  const [v1, v2] = [V1_MEANINGS[chain], v2Meanings(bitMarks)[chain]]
  return [
    ...(v2 === undefined ? [] : [{generation: 'v2' as const, meaning: v2}]),
    ...(v1 === undefined ? [] : [{generation: 'v1' as const, meaning: v1}]),
  ]
}

/** Describes Azure NPM's own chains and the rules in them that belong to no policy. Chains that the node lacks are left out. */
export function translateBaseChains(chains: NpmChains): BaseChain[] {
  const {generation} = chains
  const ofV2 = v2Meanings(chains.hasOldMarks ? wholeWordMarks : bitMarks)
  const meanings = generation === 'v1' ? V1_MEANINGS : generation === 'mixed' ? {...V1_MEANINGS, ...ofV2} : ofV2
  return Object.entries(meanings).flatMap(([chain, meaning]) => {
    if (!chains.has(chain)) return []
    const rules = chains.rules(chain).filter(isBaseRule)
    return [{chain, meaning, rules: rules.map(translateBaseRule)}]
  })
}

const isBaseRule = ({matches, target}: Rule): boolean => {
  const name = target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : ''
  return !matches.some(match => match.kind === 'set') && policyChain(name) === undefined
}

/** Describes one rule that belongs to no policy. */
export function translateBaseRule(rule: Rule): BaseChain['rules'][number] {
  const {packets = null, bytes = null} = rule
  const conditions = rule.matches.filter(match => match.kind !== 'comment').map(describeCondition)
  const text = conditions.length === 0 ? describeTarget(rule) : `if ${conditions.join(' and ')}: ${describeTarget(rule)}`
  return {where: placeOf(rule), text, packets, bytes}
}

function describeCondition(match: Match): string {
  if (match.kind === 'mark') return `${match.negated ? 'not ' : ''}marked ${printMark(match.value)}`
  if (match.kind === 'state') return `the connection is ${match.negated ? 'not ' : ''}${match.states}`
  return printMatch(match)
}

function describeTarget({target}: Rule): string {
  if (!target) return 'count only'
  switch (target.kind) {
    case 'verdict':
      return target.verdict === 'RETURN' ? 'return' : target.verdict.toLowerCase()
    case 'jump':
      return `go to ${target.chain}`
    case 'mark':
      return target.value === 0 && target.mask === WHOLE_MARK ? 'clear all marks' : `set mark ${printMark(target.value)}`
    case 'extension':
      return printTarget(target)
  }
}

/** Whether Azure NPM judges new packets: the jump exists and the entry chain has rules. Null if an incomplete save lacks either. */
export function isActive(chains: NpmChains, jump: Translation['jump']): boolean | null {
  if (jump !== null && !chains.isEmpty(NPM_CHAIN)) return true
  return chains.isComplete ? false : null
}
