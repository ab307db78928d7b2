import type {z} from 'zod'
import type {IncompletePart, SetEntry} from '../contract/common.ts'
import type {setListSchema} from '../contract/set-list.ts'
import {API_VERSION} from '../contract/version.ts'
import type {SetPart} from '../dataplane/completeness.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {NodeTranslation, TranslationFacts} from '../dataplane/node-translation.ts'
import {incompleteObjects, plainPart} from '../kubernetes/completeness.ts'
import {schemes} from '../names/hash.ts'
import {setKernelName, setScheme} from '../names/kernel-name.ts'
import {setTypeFacts, setTypeOf} from '../names/set-name.ts'
import type {Problem} from '../problem/problem.ts'
import {isAskedFor, namesAskedFor} from '../sets/list-sets.ts'
import {meant} from '../text/nearest.ts'
import {labelsOf} from './unknown-names.ts'

/** A document of kind `SetList`. */
export type SetList = z.infer<typeof setListSchema>

/** Sets of a node, and the requested names that match none. */
export interface FoundSets {
  readonly document: SetList
  /** Names that the node has no set of, each with the one that was meant, where one is near. */
  readonly missing: readonly {readonly name: string; readonly steps: readonly string[]}[]
  /** Names of which it is not known whether the node has a set. */
  readonly doubtful: readonly string[]
  /** Whether the answer rests on a part that is not whole. That `ipset save` prints no end makes no list of all sets doubtful. */
  readonly isUnknown: boolean
  readonly problems: readonly Problem[]
}

/**
 * Finds Azure NPM's ipsets on a node.
 *
 * @param asked kernel names, readable names or labels (`app=web`); empty for all sets
 */
export function findSets(dump: NodeState, asked: readonly string[]): FoundSets {
  const translation = dump.translation()
  for (const each of asked) learnAsked(each, translation)
  const all = [...translation.sets()]
  const items = asked.length === 0 ? all : all.filter(set => asked.some(name => isAskedFor(set, name)))
  const lacking = asked.filter(name => !items.some(set => isAskedFor(set, name))).map(name => ({name, part: doubtOf(name, dump)}))
  const parts: SetPart[] =
    asked.length === 0
      ? [...dump.completeness.ofSets]
      : [...lacking.flatMap(({part}) => part ?? []), ...partsOfItems(items, dump)]
  return {
    document: {apiVersion: API_VERSION, kind: 'SetList', node: dump.node, items, incomplete: eachOnce(parts)},
    missing: lacking.flatMap(({name, part}) => (part ? [] : [{name, steps: meant(name, spelled(name, all))}])),
    doubtful: lacking.flatMap(({name, part}) => (part ? [name] : [])),
    isUnknown: parts.some(({isOpen}) => asked.length > 0 || !isOpen),
    problems: translation.facts.problems,
  }
}

/** How other sets are called in the way in which one was asked for. */
function spelled(asked: string, all: readonly SetEntry[]): string[] {
  const names = all.flatMap(each => each.names)
  return asked.includes('=') ? labelsOf(names) : [...names, ...all.map(({set}) => set)]
}

/** A set that nothing names is found by the hash of the name that is asked for. */
function learnAsked(asked: string, {names, kernelSets}: NodeTranslation): void {
  for (const name of namesAskedFor(asked))
    for (const scheme of schemes) {
      const set = setKernelName(name, scheme)
      if (kernelSets.has(set) && names.namesOf(set).length === 0)
        names.learn(set, name, 'hash', setTypeOf(name) === 'Unknown' ? 'v1' : 'v2')
    }
}

/** What keeps it from being known whether a node has a set that was not found. */
function doubtOf(asked: string, dump: NodeState): SetPart | undefined {
  const {completeness} = dump
  const {generation} = dump.translation().facts
  if (setScheme(asked)) return completeness.ofSet(asked, true)
  for (const name of namesAskedFor(asked))
    for (const scheme of schemes) {
      const part = completeness.ofSet(setKernelName(name, scheme), mayBeList(name, generation))
      if (part) return part
    }
  return undefined
}

/** Whether the set of a name may be a list. Names of NPM v1 do not tell. */
export function mayBeList(name: string, generation: TranslationFacts['generation']): boolean {
  const type = setTypeOf(name)
  if (type === 'Unknown' || type === 'Namespace') return generation !== 'v2'
  return setTypeFacts[type].kind === 'list'
}

/** What is not whole of sets that are shown with their members and the pods behind these. */
function partsOfItems(items: readonly SetEntry[], {cluster, completeness}: NodeState): SetPart[] {
  const isPodUnknown = items.some(({memberPods, members}) =>
    memberPods?.some((pods, at) => pods.length === 0 && members?.[at]?.includes('/') === false),
  )
  const pods = cluster && isPodUnknown ? incompleteObjects(cluster).filter(({kind}) => kind === 'pods') : []
  return [...items.flatMap(({set}) => completeness.ofSet(set, true) ?? []), ...pods.map(plainPart)]
}

const eachOnce = (parts: readonly IncompletePart[]): IncompletePart[] => [
  ...new Map(parts.map(part => [part.part, plainPart(part)])).values(),
]
