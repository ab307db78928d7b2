import type {z} from 'zod'
import type {IncompletePart} from '../contract/common.ts'
import type {resolutionSchema} from '../contract/resolution.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState, SetPart} from '../dataplane/dataplane.ts'
import {incompleteObjects, plainPart, TAKE_OBJECTS} from '../kubernetes/completeness.ts'
import {setScheme} from '../names/kernel-name.ts'
import type {Problem} from '../problem/problem.ts'
import {mayBeList} from './find-sets.ts'
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
 * @param dump  a node; without it, hashes are compared only with names that most clusters have
 * @returns all readings of each name, in the order asked; whether all are known; problems of the dump
 */
export function resolveNames(asked: readonly string[], dump: NodeState | undefined): ResolvedNames {
  const parts: SetPart[] = []
  const node = dump && resolvingNode(dump, parts)
  const items = asked.flatMap(name => resolveName(name, node))
  const areAllKnown = items.every(({name}) => name !== 'unknown')
  if (dump && !areAllKnown) parts.push(...namingParts(dump))
  const incomplete = [...new Map(parts.map(part => [part.part, plainPart(part)])).values()]
  return {
    document: {apiVersion: API_VERSION, kind: 'Resolution', items, incomplete},
    areAllKnown,
    isUnknown: parts.some(({isOpen}) => !isOpen),
    problems: dump?.translation().facts.problems ?? [],
  }
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
    policyChains: dump.dataPlane.policyChains,
    hasRuleList: name => translation.hasRuleList(name),
    doubtOfSet: (set, name) => noted(completeness.ofSet(set, setScheme(name) !== undefined || mayBeList(name, generation))),
    doubtOfChain: () => noted(completeness.ofRuleLists[0]),
  }
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
