import type {SetEntry} from '../../contract/common.ts'
import type {TranslatedPolicy, Translation} from '../../contract/translation.ts'
import {API_VERSION} from '../../contract/version.ts'
import type {NodeDump} from '../../dump/model.ts'
import {policyChain, setScheme} from '../../names/kernel-name.ts'
import type {Problem} from '../../problem/problem.ts'
import {podsByAddress, translateSets} from '../../sets/list-sets.ts'
import type {Rule} from '../iptables/model.ts'
import {isActive, translateBaseChains} from '../npm/base-chain-meanings.ts'
import {type LearnedNames, learnDump} from '../npm/learn-dump.ts'
import {type DescribedRule, describeRule} from './describe-rule.ts'
import {translateV1} from './v1.ts'
import {type FoundPolicy, translatePolicy} from './v2.ts'

/** All of a translation but what grows with the node. */
export type TranslationFacts = Omit<Translation, 'policies' | 'sets'>

/**
 * A dump whose names are known, ready to be told. Policies and sets come one by one, because those of a large node
 * do not fit into memory twice.
 */
export interface OpenTranslation extends Pick<LearnedNames, 'book' | 'chains' | 'kernelSets' | 'usedSets' | 'policyOfChain'> {
  readonly facts: TranslationFacts
  /** @param wants leaves policies out before their rules are translated */
  policies(wants?: (policy: FoundPolicy | TranslatedPolicy) => boolean): Iterable<TranslatedPolicy>
  sets(): Iterable<SetEntry>
}

/** Learns all names of a dump and finds what is programmed. Never throws for bad input: see `facts.problems`. */
export function openTranslation(dump: NodeDump): OpenTranslation {
  const learned = learnDump(dump)
  const {book, chains, names, jump, kernelSets, usedSets, policyOfChain} = learned
  const {generation} = chains
  const hasV1 = generation === 'v1' || generation === 'mixed'
  const facts: TranslationFacts = {
    apiVersion: API_VERSION,
    kind: 'Translation',
    node: dump.node,
    backend: dump.save?.backend ?? 'unknown',
    nameScheme: nameSchemeOf(kernelSets),
    generation,
    active: isActive(chains, jump),
    jump,
    baseChains: translateBaseChains(chains),
    staleChains: [...learned.staleChains],
    unresolved: [...learned.unresolved],
    problems: [...learned.problems],
  }
  return {
    facts,
    book,
    chains,
    kernelSets,
    usedSets,
    policyOfChain,
    *policies(wants = () => true) {
      for (const policy of learned.policies) if (wants(policy)) yield translatePolicy(policy, chains, names, book)
      if (hasV1) yield* translateV1(chains, names, book, dump.cluster?.policies ?? []).filter(wants)
    },
    sets: () => translateSets(dump, book, dump.cluster && podsByAddress(dump.cluster)),
  }
}

/** Some rules of a node, ready to be told in words. */
export interface OpenRules {
  readonly problems: readonly Problem[]
  /** One of the rules in words, and whose it is. */
  say(rule: Rule): DescribedRule
}

/** Learns what is needed to tell these rules in words: of a large node a small part. */
export function openRules(dump: NodeDump, rules: readonly Rule[]): OpenRules {
  const about = new Set<string>()
  for (const {chain, matches, target} of rules) {
    for (const name of [chain, target?.kind === 'jump' ? target.chain : '']) if (policyChain(name)) about.add(name)
    for (const match of matches) if (match.kind === 'set') about.add(match.set)
  }
  const {names, book, policyOfChain, problems} = learnDump(dump, about)
  return {problems, say: rule => describeRule(rule, names, book, policyOfChain)}
}

/** A whole translation as one document. */
export function translate(dump: NodeDump): Translation {
  const open = openTranslation(dump)
  return {...open.facts, policies: [...open.policies()], sets: [...open.sets()]}
}

function nameSchemeOf(names: Iterable<string>): Translation['nameScheme'] {
  const met = new Set([...names].flatMap(name => setScheme(name) ?? []))
  const [only] = met
  if (only === undefined) return 'unknown'
  return met.size > 1 ? 'mixed' : only
}
