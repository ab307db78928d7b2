import {objectKey} from '../cluster/objects.ts'
import type {SetEntry} from '../contract/common.ts'
import type {TranslatedPolicy, Translation} from '../contract/translation.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeDump} from '../dump/model.ts'
import type {Rule} from '../iptables/model.ts'
import type {NameBook} from '../names/book.ts'
import {isSetName, setScheme} from '../names/kernel-name.ts'
import type {Problem} from '../problem.ts'
import {ProblemList} from '../problem-list.ts'
import {findJump, isActive, translateBaseChains} from './base-chains.ts'
import {readJumps} from './jumps.ts'
import {learnNames} from './learn-names.ts'
import {NpmChains} from './npm-chains.ts'
import {type SaidRule, sayRule} from './say-rule.ts'
import {podsByAddress, translateSets} from './sets.ts'
import {TermNames} from './terms.ts'
import {translateV1} from './v1.ts'
import {type FoundPolicy, findPolicies, translatePolicy} from './v2.ts'

/** All of a translation but what grows with the node. */
export type TranslationFacts = Omit<Translation, 'policies' | 'sets'>

/**
 * A dump whose names are known, ready to be told. Policies and sets come one by one, because those of a large node
 * do not fit into memory twice.
 */
export interface OpenTranslation {
  readonly facts: TranslationFacts
  readonly book: NameBook
  readonly chains: NpmChains
  /** Azure NPM's sets that the dump holds or a rule names. */
  readonly kernelSets: ReadonlySet<string>
  /** Sets that rules of Azure NPM name, each with the line of one such rule. */
  readonly usedSets: ReadonlyMap<string, number>
  /** Policy of each chain with a known policy; colliding ones joined by `|`. */
  readonly policyOfChain: ReadonlyMap<string, string>
  /** @param wants leaves policies out before their rules are translated */
  policies(wants?: (policy: FoundPolicy | TranslatedPolicy) => boolean): Iterable<TranslatedPolicy>
  sets(): Iterable<SetEntry>
  /** One rule in words, and whose it is. */
  say(rule: Rule): SaidRule
}

/** Learns all names of a dump and finds what is programmed. Never throws for bad input: see `facts.problems`. */
export function openTranslation(dump: NodeDump): OpenTranslation {
  const chains = new NpmChains(dump.save)
  const {jumps, problems: jumpProblems} = readJumps(chains)
  const {book, usedSets} = learnNames(dump, chains, jumps)
  const names = new TermNames(dump, book)
  const objects = dump.cluster?.policies ?? []
  const found = findPolicies(chains, jumps, objects.map(objectKey))
  const policyOfChain = policiesOfChains(found.policies)
  const {generation} = chains
  const hasV1 = generation === 'v1' || generation === 'mixed'
  const jump = findJump(chains)
  const kernelSets = new Set([...usedSets.keys(), ...[...(dump.sets?.keys() ?? [])].filter(isSetName)])
  const unresolved = [...kernelSets].filter(name => book.namesOf(name).length === 0)
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
    staleChains: found.staleChains,
    unresolved: [...unresolved, ...found.unresolved],
    problems: [
      ...dump.problems,
      ...chains.problems,
      ...jumpProblems,
      ...found.problems,
      ...book.problems(),
      ...missing(dump, chains, usedSets, jump),
      ...unresolvedProblem(unresolved.length, found.unresolved.length),
    ],
  }
  return {
    facts,
    book,
    chains,
    kernelSets,
    usedSets,
    policyOfChain,
    *policies(wants = () => true) {
      for (const policy of found.policies) if (wants(policy)) yield translatePolicy(policy, chains, names, book)
      if (hasV1) yield* translateV1(chains, names, book, objects).filter(wants)
    },
    sets: () => translateSets(dump, book, dump.cluster && podsByAddress(dump.cluster)),
    say: rule => sayRule(rule, names, book, policyOfChain),
  }
}

function policiesOfChains(policies: readonly FoundPolicy[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const {chain, policy} of policies)
    if (policy !== 'unknown') names.set(chain, names.has(chain) ? `${names.get(chain)}|${policy}` : policy)
  return names
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

const TAKE_AGAIN = 'Take both on the node: iptables-save -c and ipset save.'

function missing(dump: NodeDump, chains: NpmChains, used: ReadonlyMap<string, number>, jump: Translation['jump']): Problem[] {
  // A whole ipset dump may be of another moment: then every rule's set is missing.
  const problems = new ProblemList()
  const at = dump.save?.file === undefined ? {} : {file: dump.save.file}
  if (!dump.save)
    problems.add({code: 'MISSING_IPTABLES', message: 'no iptables save was given: rules are unknown', next: TAKE_AGAIN})
  else if (!chains.table && !chains.isComplete)
    problems.add({code: 'MISSING_IPTABLES', ...at, message: 'the save has no filter table: rules are unknown', next: TAKE_AGAIN})
  else if (chains.generation === 'absent')
    problems.add({
      code: 'NPM_ABSENT',
      ...at,
      message: 'no chain of Azure NPM: it does not run on this node, or it never got as far as programming it',
      next: 'If it should run here, look at its pod: kubectl -n kube-system get pods -l k8s-app=azure-npm',
    })
  else if (!jump && chains.isComplete)
    problems.add({
      code: 'MISSING_JUMP',
      ...at,
      message: 'FORWARD has no jump to AZURE-NPM: no policy is enforced on this node',
      next: 'Azure NPM puts it back within five minutes if it runs.',
    })
  if (!dump.sets)
    problems.add({code: 'MISSING_IPSET', message: 'no ipset dump was given: set members are unknown', next: TAKE_AGAIN})
  else
    for (const [set, line] of used)
      if (!dump.sets.has(set))
        problems.add({
          code: 'MISSING_SET',
          ...at,
          line,
          message: `a rule names set ${set}, which the ipset dump does not hold`,
          next: 'The two were not taken at the same moment, or one of them is cut off. Take both again.',
        })
  return problems.all()
}

const counted = (count: number, what: string): string => (count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`)

function unresolvedProblem(sets: number, chains: number): Problem[] {
  if (sets + chains === 0) return []
  return [
    {
      code: 'UNRESOLVED_NAME',
      message: `no name is known for ${[counted(sets, 'set'), counted(chains, 'policy chain')].filter(part => part !== '').join(' and ')}`,
      next: 'Give the cluster objects too: kubectl get pods,namespaces,networkpolicies -A -o json > cluster.json, then --from cluster.json',
    },
  ]
}
