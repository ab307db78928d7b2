import type {SetPart} from '../../dataplane/completeness.ts'
import {schemes} from '../../names/hash.ts'
import {compileSets} from '../compile/compile.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import {cutOf, isBehindLists, knowsMembers, lostMembers, lostSets, noMembers, noSets, TAKE_SETS, TAKE_SIZES} from './lost-sets.ts'

/** The sets of the input; `named` are those that rules name. */
export interface GivenSets extends Pick<LinuxDocuments, 'sets' | 'hasMembers' | 'cluster' | 'areSetsOpen' | 'damageOfSets'> {
  readonly named: Named
}

/** What holds the names of sets that rules name. */
type Named = Pick<ReadonlyMap<string, unknown>, 'keys'>

/** What is not whole of the sets as a list, and of their members. */
export function partsOfSets(documents: GivenSets): SetPart[] {
  const {sets, cluster} = documents
  const open = new Set([...(sets?.values() ?? [])].filter(set => cutOf(set, cluster)?.isOpen).map(set => lostMembers(set).part))
  const more = sets && moreSets(documents, sets)
  const ofSets = lostSets(documents).map((part): SetPart => {
    if (part === noMembers) return {...part, areCounted: true}
    return open.has(part.part) ? {...part, isOpen: true} : part
  })
  return [...(more ? [more] : []), ...ofSets]
}

/**
 * What is not whole of one set, or of where it would stand: undefined when all of it is given, or when the node does not have it.
 *
 * @param mayBeList whether it may be a list, which the kernel prints behind all other sets
 */
export function partOfSet(name: string, mayBeList: boolean, documents: GivenSets): SetPart | undefined {
  const {sets, hasMembers, cluster} = documents
  if (!sets) return noSets
  const set = sets.get(name)
  if (set) {
    const cut = cutOf(set, cluster)
    if (cut) return {...lostMembers(set), ...(cut.isOpen && {isOpen: true})}
    return hasMembers ? undefined : noMembers
  }
  const more = moreSets(documents, sets)
  return more?.isOpen && !mayBeList ? undefined : more
}

/** By documents: why there may be more sets. Somebody may ask for many sets. */
const known = new WeakMap<GivenSets, {readonly part: SetPart | undefined}>()

/** Why there may be more sets than were given. */
function moreSets(documents: GivenSets, sets: ReadonlyMap<string, MatchSet>): SetPart | undefined {
  const found = known.get(documents) ?? {part: findMore(documents, sets)}
  known.set(documents, found)
  return found.part
}

function findMore(documents: GivenSets, sets: ReadonlyMap<string, MatchSet>): SetPart | undefined {
  const damaged = damagedSets(documents, documents.named)
  if (damaged) return damaged
  if (!documents.areSetsOpen) return undefined
  const part = {part: 'sets', state: 'cut', next: TAKE_SIZES} as const
  if (!isBehindLists(documents))
    return {...part, reason: 'the text has no end, and none of the lists that the kernel prints last: it is likely to be cut off'}
  if (documents.cluster && hasAllLists(sets, documents.cluster)) return undefined
  return {...part, isOpen: true, reason: 'the output of ipset has no end, so more lists may follow the last one'}
}

/**
 * The sets as a part that is not whole, where what was given shows that sets are missing: a line is damaged, or a rule or a list names
 * a set that is not there. The kernel removes no set that is in use.
 */
export function damagedSets(
  {sets, damageOfSets}: Pick<LinuxDocuments, 'sets' | 'damageOfSets'>,
  named: Named,
): SetPart | undefined {
  if (!sets) return undefined
  const reason = damageOfSets ?? [...sets.values()].find(({cut}) => cut?.isDamaged)?.cut?.reason ?? unfound(sets, named)
  return reason === undefined ? undefined : {part: 'sets', state: 'cut', reason, next: TAKE_SETS}
}

function unfound(sets: ReadonlyMap<string, MatchSet>, named: Named): string | undefined {
  for (const name of named.keys()) if (!sets.has(name)) return `a rule names set ${name}, which is not among them`
  for (const {name, type, members} of sets.values())
    if (type === 'list:set')
      for (const {entry} of members) if (!sets.has(entry)) return `set ${name} lists set ${entry}, which is not among them`
  return undefined
}

/** Whether the lists that objects ask for are all there: only of these could one be missing. */
function hasAllLists(sets: ReadonlyMap<string, MatchSet>, cluster: LinuxDocuments['cluster'] & {}): boolean {
  if (!knowsMembers(cluster)) return false
  return schemes.some(scheme =>
    (['v2', 'v1'] as const).some(generation => {
      const wanted = compileSets(cluster, {scheme, generation, semantics: 'npm'}).sets
      const lists = [...wanted.values()].filter(({ipsetType}) => ipsetType === 'list:set')
      return lists.length > 0 && lists.every(({kernelName}) => sets.has(kernelName))
    }),
  )
}
