import type {SetEntry} from '../contract/common.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {isSetName} from '../names/kernel-name.ts'
import type {NameIndex} from '../names/name-index.ts'
import {setTypeFacts, setTypeOf} from '../names/set-name.ts'
import {describeMeaning, describeTerms} from './describe-sets.ts'
import {memberText, parseMember} from './member.ts'
import type {NodeSets} from './node-set.ts'

/**
 * Address → pods as `namespace/name`. Host-network pods are left out because they share their node's address, and finished pods
 * because theirs may belong to another pod by now.
 */
export function podsByAddress(cluster: ClusterObjects): Map<string, string[]> {
  const pods = new Map<string, string[]>()
  for (const pod of cluster.pods) {
    const {podIP, phase} = pod.status ?? {}
    if (podIP === undefined || pod.spec?.hostNetwork === true || phase === 'Succeeded' || phase === 'Failed') continue
    const known = pods.get(podIP)
    if (known) known.push(objectKey(pod))
    else pods.set(podIP, [objectKey(pod)])
  }
  return pods
}

/**
 * Azure NPM's sets of a node with everything known about each. Without an ipset dump, these are the sets with known names.
 *
 * @param pods address → pods; if given, entries contain the pods of their members
 */
export function* translateSets(dump: NodeSets, nameIndex: NameIndex, pods?: ReadonlyMap<string, string[]>): Generator<SetEntry> {
  const names = new Set([...(dump.sets?.keys() ?? [])].filter(isSetName))
  if (!dump.sets) for (const name of nameIndex.kernelNames) names.add(name)
  for (const name of names) yield translateSet(name, dump, nameIndex, pods)
}

function translateSet(
  set: string,
  dump: NodeSets,
  nameIndex: NameIndex,
  pods: ReadonlyMap<string, string[]> | undefined,
): SetEntry {
  const known = nameIndex.namesOf(set)
  const ipset = dump.sets?.get(set)
  const meanings = known.map(each => nameIndex.meaningOf(each, ipset?.type))
  const [meaning] = meanings
  const facts = meaning && meaning.type !== 'Unknown' ? setTypeFacts[meaning.type] : undefined
  const ipsetType = ipset?.shownType ?? ipset?.type ?? 'unknown'
  const members = ipset && dump.hasMembers ? ipset.members.map(memberText) : null
  const isList = ipset ? ipset.type === 'list:set' : facts?.kind === 'list'
  const shownBlocks = meaning?.type === 'CIDRBlocks' && members ? [{set, negated: false, meaning, members}] : undefined
  return {
    set,
    name: known.length === 0 ? 'unknown' : known.map(({name}) => name).join(' | '),
    names: known.map(({name}) => name),
    type: meaning?.type ?? 'Unknown',
    kind: ipset || facts ? (isList ? 'list' : 'hash') : 'unknown',
    ipsetType,
    meaning: shownBlocks ? describeTerms(shownBlocks) : meanings.map(describeMeaning).join(' or ') || 'unknown',
    members,
    ...(members && isList && {memberNames: members.map(member => nameOf(member, nameIndex))}),
    ...(members && !isList && pods && {memberPods: members.map(member => pods.get(parseMember(member).subject) ?? [])}),
    ...(ipset?.references !== undefined && {references: ipset.references}),
    evidence: [...new Set(known.flatMap(({evidence}) => [...evidence]))],
  }
}

const nameOf = (set: string, nameIndex: NameIndex): string =>
  nameIndex
    .namesOf(set)
    .map(({name}) => name)
    .join(' | ') || 'unknown'

/** The names that may be meant by a readable name or by a label as in kubectl (`app=web`). */
export function namesAskedFor(asked: string): string[] {
  if (setTypeOf(asked) !== 'Unknown' && !asked.includes('=')) return [asked]
  const label = asked.replace('=', ':')
  return [...new Set([asked, `podlabel-${label}`, `nslabel-${label}`, label])]
}

/** Whether a set matches what a user asked for: a kernel name, a readable name, or a label. */
export const isAskedFor = ({set, names}: SetEntry, asked: string): boolean =>
  set === asked || namesAskedFor(asked).some(name => names.includes(name))
