import type {Translation} from '../../contract/translation.ts'
import {API_VERSION} from '../../contract/version.ts'
import type {NodeTranslation, TranslationFacts} from '../../dataplane/node-translation.ts'
import {setScheme} from '../../names/kernel-name.ts'
import {podsByAddress, translateSets} from '../../sets/list-sets.ts'
import {isActive, translateBaseChains} from '../npm/base-chain-meanings.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import {type LearnedNames, learnDump} from '../npm/learn-dump.ts'
import {lostNpmRules} from '../walk/lost-parts.ts'
import {readableSave} from './readable-save.ts'
import {translateV1} from './v1.ts'
import {translatePolicy} from './v2.ts'

/** The translation of a Linux node, with the chains and used sets that a comparison needs. */
export interface LinuxTranslation extends NodeTranslation, Pick<LearnedNames, 'chains' | 'usedSets'> {}

/** Learns all names of a dump and finds its policies. Never throws for bad input: see `facts.problems`. */
export function openLinuxTranslation(dump: LinuxDocuments): LinuxTranslation {
  const learned = learnDump(dump)
  const {nameIndex, chains, names, jump, kernelSets, usedSets, policyOfChain} = learned
  const {generation} = chains
  const hasV1 = generation === 'v1' || generation === 'mixed'
  const facts: TranslationFacts = {
    apiVersion: API_VERSION,
    kind: 'Translation',
    node: dump.node,
    backend: dump.saved?.save.backend ?? 'unknown',
    nameScheme: nameSchemeOf(kernelSets),
    generation,
    active: isActive(chains, jump),
    jump,
    baseChains: translateBaseChains(chains),
    staleChains: [...learned.staleChains],
    incomplete: dump.saved ? lostNpmRules(dump.saved.save) : [],
    unresolved: [...learned.unresolved],
    problems: [...learned.problems],
  }
  return {
    facts,
    names: nameIndex,
    chains,
    hasRuleList: name => chains.has(name),
    kernelSets,
    usedSets,
    policyOfChain,
    *policies(wants = () => true) {
      for (const policy of learned.policies) if (wants(policy)) yield translatePolicy(policy, chains, names, nameIndex)
      if (hasV1) yield* translateV1(chains, names, nameIndex, dump.cluster?.policies ?? []).filter(wants)
    },
    savedText: only => chains.save && readableSave(chains.save, nameIndex, policyOfChain, only),
    sets: () => translateSets(dump, nameIndex, dump.cluster && podsByAddress(dump.cluster)),
  }
}

function nameSchemeOf(names: Iterable<string>): Translation['nameScheme'] {
  const met = new Set([...names].flatMap(name => setScheme(name) ?? []))
  const [only] = met
  if (only === undefined) return 'unknown'
  return met.size > 1 ? 'mixed' : only
}
