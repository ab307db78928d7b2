import type {Problem} from '../../problem/problem.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {SaveIndex} from '../iptables/save-model.ts'
import {chooseSave} from './choose-save.ts'
import type {LinuxDocument} from './read.ts'
import {distinctSets} from './same-documents.ts'

/** The rules and sets of a node. A part is absent if no document has it. */
export interface LinuxTables {
  readonly save?: SaveIndex
  /** The rules of the other back end, if it has any. */
  readonly beside?: SaveIndex
  /** By kernel name. */
  readonly sets?: ReadonlyMap<string, MatchSet>
  /** Whether the sets have their members; `ipset list -t` prints none. */
  readonly hasMembers: boolean
  /** Whether sets may be missing, because nothing tells whether the text of them was cut off. */
  readonly areSetsOpen?: boolean
  /** Why sets may be missing: a line of the text is not understood. */
  readonly damageOfSets?: string
  readonly problems: readonly Problem[]
}

/** Joins the documents of one node: the rules of the back end in use, and the sets of `ipset save` and `ipset list`. */
export function joinLinuxDocuments(read: readonly {readonly name: string; readonly content: LinuxDocument}[]): LinuxTables {
  const save = chooseSave(read.flatMap(({content}) => (content.kind === 'iptables-save' ? [content.save] : [])))
  const {sets, problems} = joinSets(read)
  const damageOfSets = damageOf(read)
  return {
    ...(save.chosen && {save: save.chosen}),
    ...(save.beside && {beside: save.beside}),
    ...(sets && {sets}),
    hasMembers: sets !== undefined && haveMembers([...sets.values()]),
    ...(areSetsOpen(read) && {areSetsOpen: true}),
    ...(damageOfSets !== undefined && {damageOfSets}),
    problems: [...save.problems, ...problems],
  }
}

/** Two documents that have the same sets were not cut in the same place. */
function areSetsOpen(read: readonly {readonly content: LinuxDocument}[]): boolean {
  const ofSets = read.flatMap(({content}) => ('sets' in content ? [content] : []))
  return ofSets.length === 1 && ofSets[0]?.isOpen === true
}

/** A document that is whole names every set, whatever the other one has lost. */
function damageOf(read: readonly {readonly content: LinuxDocument}[]): string | undefined {
  const damages = read.flatMap(({content}) => ('sets' in content ? [content.damage] : []))
  return damages.includes(undefined) ? undefined : damages[0]
}

/** Whether members are listed: of all sets that have any, `ipset list -t` prints none. */
function haveMembers(sets: readonly MatchSet[]): boolean {
  const counted = sets.filter(({entries = 0}) => entries > 0)
  return counted.length === 0 || counted.some(({members}) => members.length > 0)
}

/** Joins the sets of `ipset save` with the sizes and reference counts that only `ipset list` prints. */
function joinSets(read: Parameters<typeof joinLinuxDocuments>[0]): {sets?: Map<string, MatchSet>; problems: Problem[]} {
  const [allSaves, allLists] = (['ipset-save', 'ipset-list'] as const).map(kind =>
    read.flatMap(({name, content}) => (content.kind === kind ? [{name, sets: content.sets}] : [])),
  ) as [{name: string; sets: readonly MatchSet[]}[], {name: string; sets: readonly MatchSet[]}[]]
  const [{distinct: saves, problems: repeated}, {distinct: lists, problems: repeatedLists}] = [
    distinctSets(allSaves),
    distinctSets(allLists),
  ]
  const problems = [...repeated, ...repeatedLists]
  for (const group of [saves, lists]) {
    if (group.length < 2) continue
    const names = group.map(({name}) => name).join(' and ')
    return {
      problems: [
        {
          code: 'AMBIGUOUS_FILES',
          message: `several ipset dumps of one node: ${names}`,
          next: 'Which one is meant is unknown. Give the files you mean one by one with --from.',
        },
      ],
    }
  }
  const listed = new Map(lists[0]?.sets.map(set => [set.name, set]))
  if (!saves[0]) return lists[0] ? {sets: listed, problems} : {problems}
  const sets = new Map(
    saves[0].sets.map(set => {
      const {revision, sizeBytes, references, entries} = listed.get(set.name) ?? {}
      const cut = cutOf(set, entries)
      const told = {
        ...(revision !== undefined && {revision}),
        ...(sizeBytes !== undefined && {sizeBytes}),
        ...(references !== undefined && {references}),
        ...(entries !== undefined && {entries}),
      }
      const {cut: _, ...rest} = set
      return [set.name, {...rest, ...told, ...(cut && {cut})}]
    }),
  )
  for (const set of listed.values())
    if (!sets.has(set.name)) sets.set(set.name, {...set, members: [], cut: {reason: NOT_SAVED, isDamaged: true}})
  return {sets, problems}
}

const NOT_SAVED = 'ipset list shows it, and the output of ipset save does not have it'

/** Why members of a saved set may be missing, when the number of its members is known or not. */
function cutOf({cut, members, header}: MatchSet, entries: number | undefined): MatchSet['cut'] {
  if (entries === undefined || cut?.isDamaged) return cut
  if (members.length >= entries || header.has('timeout')) return undefined
  return {
    reason: `ipset list counts ${entries} members, and ipset save has ${members.length}: it was changed between the two, or the text is cut off`,
    isDamaged: false,
  }
}
