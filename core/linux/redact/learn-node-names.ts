import type {NodeFacts} from '../../dataplane/node-facts.ts'
import {isSetName, setScheme} from '../../names/kernel-name.ts'
import type {NodeNames} from '../../renaming/node-names.ts'
import type {LinuxDocument} from '../documents/read.ts'
import {SavedChains} from '../iptables/saved-chains.ts'
import {NpmChains} from '../npm/chains.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import {learnNames} from '../npm/learn-names.ts'
import {parseJumpComment} from '../npm/parse-comment.ts'
import {readJumps} from '../npm/policy-jumps.ts'

/**
 * Collects the names in the rules and sets of a node. Each save counts, also that of a back end which is not in use. Never
 * throws.
 */
export function learnNodeNames(facts: NodeFacts, contents: readonly LinuxDocument[]): readonly NodeNames[] {
  const sets = new Map(contents.flatMap(each => ('sets' in each ? each.sets.map(set => [set.name, set] as const) : [])))
  const saves = contents.flatMap(each => ('save' in each ? [new SavedChains(each.save)] : []))
  const node = {...facts, sets, hasMembers: false}
  return saves.length === 0 ? [namesOf(node)] : saves.map(saved => namesOf({...node, saved}))
}

function namesOf(dump: LinuxDocuments): NodeNames {
  const chains = new NpmChains(dump.saved)
  const {jumps} = readJumps(chains)
  const policies = jumps.flatMap(({rule, policy}) => {
    const comment = rule.matches.find(match => match.kind === 'comment')?.text
    return policy ?? (comment === undefined ? undefined : parseJumpComment(comment)?.policy) ?? []
  })
  const {nameIndex, usedSets} = learnNames(dump, chains, jumps)
  const sets = [...nameIndex.kernelNames].flatMap(kernelName =>
    nameIndex.namesOf(kernelName).map(({name, generation, policy}) => ({
      kernelName,
      name: {name, generation, scheme: setScheme(kernelName) ?? ('sha256' as const), ...(policy !== undefined && {policy})},
    })),
  )
  const {generation} = chains
  return {
    policies,
    sets,
    met: [...(dump.sets?.keys() ?? []), ...usedSets.keys()].filter(isSetName),
    generations: generation === 'v1' || generation === 'v2' ? [generation] : ['v2', 'v1'],
  }
}
