import type {Translation} from '../../contract/translation.ts'
import {incompleteObjects} from '../../kubernetes/completeness.ts'
import {type ClusterObjects, objectKey} from '../../kubernetes/objects.ts'
import {isSetName} from '../../names/kernel-name.ts'
import type {NameIndex} from '../../names/name-index.ts'
import type {Problem} from '../../problem/problem.ts'
import {ProblemList} from '../../problem/problem-list.ts'
import {TermNames} from '../../sets/terms.ts'
import {FORWARD_CHAIN, NPM_CHAIN} from './chain-names.ts'
import {NpmChains} from './chains.ts'
import type {LinuxDocuments} from './documents.ts'
import {findJump} from './forward-jump.ts'
import {type FoundPolicy, findPolicies} from './found-policies.ts'
import {learnNames} from './learn-names.ts'
import {readJumps} from './policy-jumps.ts'

/** The names learned from a dump: names of sets, and policies of chains. */
export interface LearnedNames {
  readonly nameIndex: NameIndex
  readonly chains: NpmChains
  readonly names: TermNames
  readonly jump: Translation['jump']
  readonly policies: readonly FoundPolicy[]
  readonly staleChains: readonly string[]
  /** Policy of each chain whose policy is known; policies that share a chain are joined by `|`. */
  readonly policyOfChain: ReadonlyMap<string, string>
  /** Sets that rules of Azure NPM name, each with the line of one such rule. */
  readonly usedSets: ReadonlyMap<string, number>
  /** Azure NPM's sets that are in the dump or that a rule names. */
  readonly kernelSets: ReadonlySet<string>
  /** Sets and policy chains without a known name. */
  readonly unresolved: readonly string[]
  readonly problems: readonly Problem[]
}

/**
 * Learns the names of a dump. Never throws for bad input: see `problems`.
 *
 * @param about kernel names of sets and policy chains; the result covers only these. Rules that name none of them are
 *   parsed only if some name stays unknown, because other names may imply it.
 */
export function learnDump(dump: LinuxDocuments, about?: ReadonlySet<string>): LearnedNames {
  const learned = learn(dump, about, about)
  return about && learned.unresolved.length > 0 ? learn(dump, undefined, about) : learned
}

/**
 * @param read kernel names: only rules that name one of them are parsed
 * @param about kernel names that the result covers
 */
function learn(
  dump: LinuxDocuments,
  read: ReadonlySet<string> | undefined,
  about: ReadonlySet<string> | undefined,
): LearnedNames {
  const chains = new NpmChains(dump.saved, read)
  const {jumps, problems: jumpProblems} = readJumps(chains)
  const {nameIndex, usedSets} = learnNames(dump, chains, jumps, read)
  const found = findPolicies(chains, jumps, (dump.cluster?.policies ?? []).map(objectKey))
  const jump = findJump(chains)
  const isAbout = (name: string) => !about || about.has(name)
  const held = [...(dump.sets?.keys() ?? [])].filter(name => isSetName(name) && isAbout(name))
  const kernelSets = new Set([...[...usedSets.keys()].filter(isAbout), ...held])
  const unresolvedSets = [...kernelSets].filter(name => nameIndex.namesOf(name).length === 0)
  const unresolvedChains = found.unresolved.filter(isAbout)
  return {
    nameIndex,
    chains,
    names: new TermNames(dump, nameIndex),
    jump,
    policies: found.policies,
    staleChains: found.staleChains,
    policyOfChain: policiesOfChains(found.policies),
    usedSets,
    kernelSets,
    unresolved: [...unresolvedSets, ...unresolvedChains],
    problems: [
      ...dump.problems,
      ...chains.problems,
      ...jumpProblems,
      ...found.problems,
      ...nameIndex.problems(),
      ...missing(dump, chains, usedSets, jump),
      ...unresolvedProblem(unresolvedSets.length, unresolvedChains.length, dump.cluster),
    ],
  }
}

function policiesOfChains(policies: readonly FoundPolicy[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const {chain, policy} of policies)
    if (policy !== 'unknown') names.set(chain, names.has(chain) ? `${names.get(chain)}|${policy}` : policy)
  return names
}

const TAKE_AGAIN = 'Take both on the node: iptables-save -c and ipset save.'

function missing(
  dump: LinuxDocuments,
  chains: NpmChains,
  used: ReadonlyMap<string, number>,
  jump: Translation['jump'],
): Problem[] {
  // A whole ipset dump may be from another time. Then the set of every rule is missing, so the list must be bounded.
  const problems = new ProblemList()
  const at = dump.saved?.save.file === undefined ? {} : {file: dump.saved.save.file}
  if (!dump.saved)
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
      message: `${FORWARD_CHAIN} has no jump to ${NPM_CHAIN}: no policy is enforced on this node`,
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

/** @param cluster what was given of it: who has given all is not asked for it again */
function unresolvedProblem(sets: number, chains: number, cluster: ClusterObjects | undefined): Problem[] {
  if (sets + chains === 0) return []
  return [
    {
      code: 'UNRESOLVED_NAME',
      message: `no name is known for ${[counted(sets, 'set'), counted(chains, 'policy chain')].filter(part => part !== '').join(' and ')}`,
      next:
        cluster && incompleteObjects(cluster).every(({kind}) => kind === 'nodes')
          ? 'Nothing that the cluster has now explains them: they are left of something that is gone, or of another program.'
          : 'Give the cluster objects too: kubectl get pods,namespaces,networkpolicies -A -o json > cluster.json, then --from cluster.json',
    },
  ]
}
