import type {IncompletePart} from '../../contract/common.ts'
import {incompleteObjects} from '../../kubernetes/completeness.ts'
import type {ClusterObjects} from '../../kubernetes/objects.ts'
import type {Scheme} from '../../names/hash.ts'
import {setScheme} from '../../names/kernel-name.ts'
import type {Generation} from '../../names/name-index.ts'
import type {ProgramSets} from '../../policy/program.ts'
import {memberText} from '../../sets/member.ts'
import {compileSets} from '../compile/compile.ts'
import type {CutSet, MatchSet} from '../ipset/model.ts'
import type {LostPart} from '../iptables/model.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import {isNameOfChain} from './target.ts'
import type {LinuxWalk} from './walk.ts'

export const TAKE_SETS = 'Take all sets of the node: ipset save'
export const TAKE_SIZES =
  'Give the output of ipset list -t beside it, which says how many members each set has, or of ipset list in place of it.'

/** Whether sets without an end have all members that the objects of a cluster ask for, by objects and set. */
const settled = new WeakMap<ClusterObjects, Map<MatchSet, boolean>>()

/**
 * Why members of a set may be missing. A set whose end nothing shows is whole when it has all members that the objects of the cluster
 * ask for: only these could be missing.
 */
export function cutOf(set: MatchSet, cluster: ClusterObjects | undefined): CutSet | undefined {
  if (!set.cut?.isOpen || !cluster) return set.cut
  const known = settled.get(cluster) ?? new Map<MatchSet, boolean>()
  settled.set(cluster, known)
  let isWhole = known.get(set)
  if (isWhole === undefined) {
    isWhole = knowsMembers(cluster) && hasWanted(set, cluster)
    known.set(set, isWhole)
  }
  return isWhole ? undefined : set.cut
}

/** Whether all objects are known that members of sets are made of. */
export const knowsMembers = (cluster: ClusterObjects): boolean =>
  incompleteObjects(cluster).every(({kind}) => kind !== 'pods' && kind !== 'namespaces')

/** Many nodes are held to the same objects, one after another. Not held in memory: of a single node they are asked for once. */
const compiled = new WeakMap<ClusterObjects, Map<string, WeakRef<ProgramSets['sets']>>>()

function setsOf(cluster: ClusterObjects, scheme: Scheme, generation: Generation): ProgramSets['sets'] {
  const known = compiled.get(cluster) ?? new Map<string, WeakRef<ProgramSets['sets']>>()
  compiled.set(cluster, known)
  const key = `${generation} ${scheme}`
  const before = known.get(key)?.deref()
  if (before) return before
  const {sets} = compileSets(cluster, {scheme, generation, semantics: 'npm'})
  known.set(key, new WeakRef(sets))
  return sets
}

function hasWanted(set: MatchSet, cluster: ClusterObjects): boolean {
  const scheme = setScheme(set.name)
  if (!scheme) return false
  for (const generation of ['v2', 'v1'] as const) {
    const wanted = setsOf(cluster, scheme, generation).get(set.name)
    if (wanted) return hasMembersOf(set, wanted)
  }
  return false
}

/** Whether lists were reached, which the kernel prints behind all other sets. Source: `ip_set_dump_do` of Linux. */
export const isBehindLists = ({sets}: Pick<LinuxDocuments, 'sets'>): boolean =>
  [...(sets?.values() ?? [])].at(-1)?.type === 'list:set'

/** Whether a set has all members of one that is asked for. */
export function hasMembersOf({members}: MatchSet, wanted: {readonly members: readonly string[]}): boolean {
  const there = new Set(members.map(memberText))
  return wanted.members.every(member => there.has(member))
}

/** Sets that are named one by one. */
const MOST_NAMED = 20

/** The parts of a node's sets that are not whole. */
export function lostSets({sets, hasMembers, cluster}: Pick<LinuxDocuments, 'sets' | 'hasMembers' | 'cluster'>): LostPart[] {
  if (!sets) return [noSets]
  if (!hasMembers) return [noMembers]
  const cut = [...sets.values()].filter(set => cutOf(set, cluster))
  const more = cut.length - MOST_NAMED
  return [
    ...cut.slice(0, MOST_NAMED).map(lostMembers),
    ...(more > 0
      ? [{part: `${more} more sets`, state: 'cut' as const, reason: cut.at(-1)?.cut?.reason ?? '', next: TAKE_SIZES}]
      : []),
  ]
}

export const noSets: LostPart = {part: 'sets', state: 'absent', reason: 'no output of ipset is in the input', next: TAKE_SETS}

export const noMembers: LostPart = {
  part: 'members of sets',
  state: 'absent',
  reason: 'ipset list -t prints none',
  next: TAKE_SETS,
}

/** A set of which members may be missing. */
export const lostMembers = ({name, cut}: MatchSet): LostPart => ({
  part: `set ${name}`,
  state: 'cut',
  reason: cut?.reason ?? '',
  // Where sizes are known, Azure NPM may have written between two tools, or the text is damaged.
  next: cut?.isOpen ? TAKE_SIZES : TAKE_SETS,
})

/** A set that may not have been given. */
export const absentSet = (name: string): LostPart => ({
  part: `set ${name}`,
  state: 'absent',
  reason: 'the text may be cut off before it: ipset save prints no end',
  next: TAKE_SIZES,
})

/** What is not whole of a set that a rule names; undefined when all of it is. */
function lostSet(name: string, documents: LinuxDocuments): LostPart | undefined {
  const {sets, hasMembers, cluster} = documents
  if (!sets) return noSets
  const set = sets.get(name)
  if (!set)
    return {part: `set ${name}`, state: 'absent', reason: 'a rule names it, and the sets of the input lack it', next: TAKE_SETS}
  if (!hasMembers) return noMembers
  if (cutOf(set, cluster)) return lostMembers(set)
  if (set.type !== 'list:set') return undefined
  const member = set.members
    .map(({entry}) => entry)
    .find(entry => {
      const found = sets.get(entry)
      return !found || cutOf(found, cluster)
    })
  return member === undefined ? undefined : lostSet(member, documents)
}

export const absentChain = (name: string, table: string): LostPart => ({
  part: `chain ${name} of table ${table}`,
  state: 'absent',
  reason: `chain ${name}, which a rule leads to, is not in the input`,
  next: 'Take all rules of the node: iptables-save -c',
})

/** A walk with the parts that it would need for a verdict and that are not whole. */
export function withIncomplete(walk: LinuxWalk, documents: LinuxDocuments): LinuxWalk {
  if (walk.verdict !== 'unknown') return walk
  const {rule, table = ''} = walk.trail.at(-1) ?? {}
  const lost: IncompletePart[] = rule?.target?.kind === 'extension' && rule.target.lost ? [rule.target.lost] : []
  if (rule?.target?.kind === 'extension' && isNameOfChain(rule.target.name)) lost.push(absentChain(rule.target.name, table))
  const named = new Set((rule?.matches ?? []).flatMap(match => (match.kind === 'set' ? [match.set] : [])))
  if (lost.length === 0) lost.push(...[...named].flatMap(name => lostSet(name, documents) ?? []))
  return lost.length === 0 ? walk : {...walk, incomplete: [...new Map(lost.map(part => [part.part, part])).values()]}
}
