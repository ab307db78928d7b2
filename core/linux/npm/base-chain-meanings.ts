import type {BaseChain, Translation} from '../../contract/translation.ts'
import {policyChain} from '../../names/kernel-name.ts'
import type {Match, Rule} from '../iptables/model.ts'
import {printMatch, printTarget} from '../iptables/print.ts'
import {NPM_CHAIN, type NpmChains} from './chains.ts'
import {placeOf} from './place-of.ts'

/** What each of Azure NPM's own chains is for. */
const COMMON_MEANINGS = {
  'AZURE-NPM': 'entry: ingress policies of the receiver first, then egress policies of the sender, then accept',
  'AZURE-NPM-ACCEPT': 'accepts; later rules of FORWARD are not seen any more',
}
const V2_MEANINGS: Readonly<Record<string, string>> = {
  ...COMMON_MEANINGS,
  'AZURE-NPM-INGRESS': 'sends packets to the ingress policies that select the receiver, then drops what they marked',
  'AZURE-NPM-INGRESS-ALLOW-MARK': 'an ingress policy allowed the packet: marks it 0x200 and goes on to egress',
  'AZURE-NPM-EGRESS': 'sends packets to the egress policies that select the sender, then drops what they marked',
}
const V1_MEANINGS: Readonly<Record<string, string>> = {
  ...COMMON_MEANINGS,
  'AZURE-NPM-INGRESS':
    'looks for an ingress rule that allows the packet, marked 0x2000 then, and drops it if a policy selects it',
  'AZURE-NPM-INGRESS-PORT': 'ingress rules with ports, and rules for any peer',
  'AZURE-NPM-INGRESS-FROM': 'ingress rules with peers and no ports',
  'AZURE-NPM-INGRESS-DROPS': 'drops what ingress policies select and no rule allowed',
  'AZURE-NPM-EGRESS': 'looks for an egress rule that allows the packet, marked 0x1000 then, and drops it if a policy selects it',
  'AZURE-NPM-EGRESS-PORT': 'egress rules with ports, and rules for any peer',
  'AZURE-NPM-EGRESS-TO': 'egress rules with peers and no ports',
  'AZURE-NPM-EGRESS-DROPS': 'drops what egress policies select and no rule allowed',
}

/** Azure NPM's own chains with the rules that belong to no policy, each in words. */
export function translateBaseChains(chains: NpmChains): BaseChain[] {
  const {generation} = chains
  const meanings = generation === 'v1' ? V1_MEANINGS : generation === 'mixed' ? {...V1_MEANINGS, ...V2_MEANINGS} : V2_MEANINGS
  return Object.entries(meanings).flatMap(([chain, meaning]) => {
    if (!chains.has(chain)) return []
    const rules = chains.rules(chain).filter(isBaseRule)
    return [
      {chain, meaning: chains.hasOldMarks ? meaning.replace('0x200 ', '0x2000 ') : meaning, rules: rules.map(translateBaseRule)},
    ]
  })
}

const isBaseRule = ({matches, target}: Rule): boolean => {
  const name = target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : ''
  return !matches.some(match => match.kind === 'set') && policyChain(name) === undefined
}

export function translateBaseRule(rule: Rule): BaseChain['rules'][number] {
  const {packets = null, bytes = null} = rule
  const conditions = rule.matches.filter(match => match.kind !== 'comment').map(describeCondition)
  const text = conditions.length === 0 ? describeTarget(rule) : `if ${conditions.join(' and ')}: ${describeTarget(rule)}`
  return {where: placeOf(rule), text, packets, bytes}
}

const hex = (value: number): string => `0x${value.toString(16)}`

function describeCondition(match: Match): string {
  if (match.kind === 'mark') return `${match.negated ? 'not ' : ''}marked ${hex(match.value)}`
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
      return target.value === 0 && target.mask === 0xffffffff ? 'clear all marks' : `set mark ${hex(target.value)}`
    case 'extension':
      return printTarget(target)
  }
}

/** Whether new forwarded packets are judged: the jump stands, and the entry chain is filled. Null when the save does not tell. */
export function isActive(chains: NpmChains, jump: Translation['jump']): boolean | null {
  if (jump !== null && !chains.isEmpty(NPM_CHAIN)) return true
  return chains.isComplete ? false : null
}
