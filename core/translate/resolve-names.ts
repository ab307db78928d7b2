import type {z} from 'zod'
import type {IncompletePart} from '../contract/common.ts'
import type {ResolvedName, resolutionSchema} from '../contract/resolution.ts'
import {API_VERSION} from '../contract/version.ts'
import type {SetPart} from '../dataplane/completeness.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects, plainPart, TAKE_OBJECTS} from '../kubernetes/completeness.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import {setScheme} from '../names/kernel-name.ts'
import type {Problem} from '../problem/problem.ts'
import {mayBeList} from './find-sets.ts'
import {setsHolding} from './holding-sets.ts'
import {type ResolvingNode, resolveName} from './resolve.ts'

/** A document of kind `Resolution`. */
export type Resolution = z.infer<typeof resolutionSchema>

export interface ResolvedNames {
  readonly document: Resolution
  readonly areAllKnown: boolean
  /** Whether the answer rests on a part of the dump that is not whole. That `ipset save` prints no end is no reason. */
  readonly isUnknown: boolean
  readonly problems: readonly Problem[]
}

/**
 * Resolves kernel names to names, and names to kernel names.
 *
 * @param asked as `resolveName` takes them
 * @param dumps nodes; without one, hashes are compared only with names that most clusters have
 * @returns all readings of each name, in the order asked, once for all nodes; whether all are known; problems of the dumps
 */
export function resolveNames(asked: readonly string[], dumps: readonly NodeState[]): ResolvedNames {
  const parts: SetPart[] = []
  const nodes = dumps.map(dump => ({dump, resolving: resolvingNode(dump, parts)}))
  const items = asked.flatMap(name =>
    nodes.length === 0
      ? resolveName(name)
      : onEachNode(nodes.map(({dump, resolving}) => ({node: dump.node, found: resolveName(name, resolving)}))),
  )
  const areAllKnown = items.every(({name}) => name !== 'unknown')
  if (!areAllKnown) parts.push(...dumps.flatMap(namingParts))
  const incomplete = [...new Map(parts.map(part => [part.part, plainPart(part)])).values()]
  return {
    document: {apiVersion: API_VERSION, kind: 'Resolution', items, incomplete},
    areAllKnown,
    isUnknown: parts.some(({isOpen}) => !isOpen),
    problems: [...new Set(dumps.flatMap(dump => dump.translation().facts.problems))],
  }
}

/** What one name stands for on several nodes, each reading once. A node that does not know it learns it from one that does. */
function onEachNode(ofNodes: readonly {readonly node: string; readonly found: readonly ResolvedName[]}[]): ResolvedName[] {
  const all = ofNodes.flatMap(({node, found}) => found.map(item => ({node, item})))
  const isKnown = all.some(({item}) => item.name !== 'unknown')
  const readings = Map.groupBy(
    all.filter(({item}) => !isKnown || item.name !== 'unknown'),
    ({item}) => JSON.stringify([item.name, item.kind, item.type, item.generation, item.meaning, item.fnv32a, item.sha256]),
  )
  return [...readings.values()].flatMap(same => {
    const [first] = same
    if (!first) return []
    const nodes = same.filter(({item}) => item.onNode).map(({node}) => node)
    const isDoubtful = same.some(({item}) => item.onNode === null)
    return [
      {
        ...first.item,
        onNode: nodes.length > 0 ? true : isDoubtful ? null : false,
        ...(ofNodes.length > 1 && {nodes}),
        evidence: [...new Set(same.flatMap(({item}) => item.evidence))],
      },
    ]
  })
}

/** @param parts receives what answers rest on and is not whole */
function resolvingNode(dump: NodeState, parts: SetPart[]): ResolvingNode {
  const translation = dump.translation()
  const {generation} = translation.facts
  const {completeness} = dump
  const noted = (part: SetPart | undefined): SetPart | undefined => {
    if (part) parts.push(part)
    return part
  }
  const {names, kernelSets, policyOfChain} = translation
  return {
    names,
    kernelSets,
    policyOfChain,
    generation,
    policyChains: dump.dataPlane.policyChains,
    hasRuleList: name => translation.hasRuleList(name),
    doubtOfSet: (set, name) => noted(completeness.ofSet(set, setScheme(name) !== undefined || mayBeList(name, generation))),
    addressOf: address => addressOn(address, dump),
    doubtOfChain: () => noted(completeness.ofRuleLists[0]),
  }
}

/** What has an address, and how many sets of a node hold it. */
function addressOn(address: string, dump: NodeState): {meaning: string; isInSet: boolean | null} {
  const pods = dump.cluster?.pods ?? dump.cache?.objects.pods ?? []
  const ofPods = pods.filter(pod => policyIp(pod) === address)
  const node = dump.cluster?.nodes.find(({status}) => status?.addresses?.some(each => each.address === address))
  const owners = [
    ...ofPods.map(({metadata, spec}) => {
      const where = spec?.nodeName === undefined ? '' : ` on node ${spec.nodeName}`
      return `pod ${metadata.namespace ?? 'default'}/${metadata.name}${where}`
    }),
    ...(node ? [`node ${node.metadata.name}`] : []),
  ]
  const count = setsHolding(address, dump).size
  const isCut = !dump.hasMembers || dump.completeness.members !== 'whole'
  const held = count > 0 ? `in ${count} ${count === 1 ? 'set' : 'sets'}` : isCut ? '' : 'in no set'
  const told = [owners.join(' and ') || 'of no pod or node in the input', held].filter(each => each !== '')
  return {meaning: told.join(', '), isInSet: count > 0 ? true : isCut ? null : false}
}

/** What could tell the name of a hash, and is not whole: objects and rules. */
function namingParts({cluster, completeness}: NodeState): IncompletePart[] {
  const objects = cluster
    ? incompleteObjects(cluster).filter(({kind}) => kind !== 'nodes')
    : [
        {
          part: 'objects',
          state: 'absent' as const,
          reason: 'none are in the input, and a hash is found only by hashing their names',
          next: TAKE_OBJECTS,
        },
      ]
  return [...objects, ...completeness.ofRuleLists]
}
