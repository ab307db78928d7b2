import {entryOf} from '../../sets/member.ts'
import {backends, type LinuxPart, type PartSet, type PartTable} from './part.ts'
import {isJump, type PartRule} from './part-rule.ts'

/** Words that say how a set is stored, and nothing of what it holds. */
const STORAGE = new Set(['hashsize', 'size', 'bucketsize', 'initval'])

/** Options of a set by which two sets are told apart, as text. */
export function canonicalOptions({type, options}: Pick<PartSet, 'type' | 'options'>): string {
  const words = [...options].filter(([key]) => !STORAGE.has(key)).map(([key, value]) => `${key}=${value}`)
  if (!options.has('family') && type.startsWith('hash:')) words.push('family=inet')
  return words.toSorted().join(' ')
}

/**
 * A text that is equal for equal parts: sets with their members, chains with their rules, the rules of FORWARD. Counters and the
 * order of sets, members and chains are not in it.
 */
export function canonicalPart({sets, tables}: LinuxPart): string {
  const lines: string[] = []
  for (const name of [...sets.keys()].toSorted()) lines.push(setText(name, sets.get(name) as PartSet))
  for (const backend of backends) {
    const {chains} = tables[backend]
    for (const name of [...chains.keys()].toSorted()) lines.push(`chain ${backend} ${name}${rulesText(chains.get(name) ?? [])}`)
    lines.push(...canonicalForward(tables[backend]).map(text => `forward ${backend} ${text}`))
  }
  return `${lines.join('\n')}\n`
}

// A part is mostly that of which it was made, and neither a set nor a list of rules ever changes: only what is new is sorted and printed.
const setTexts = new WeakMap<PartSet, {readonly name: string; readonly text: string}>()
const rulesTexts = new WeakMap<readonly PartRule[], string>()

function setText(name: string, set: PartSet): string {
  const known = setTexts.get(set)
  if (known?.name === name) return known.text
  const text = [`set ${name} ${set.type} ${canonicalOptions(set)}`, ...set.members.toSorted()].join('\n')
  setTexts.set(set, {name, text})
  return text
}

/** Each rule behind a line feed. */
function rulesText(rules: readonly PartRule[]): string {
  let text = rulesTexts.get(rules)
  if (text === undefined) rulesTexts.set(rules, (text = rules.map(rule => `\n${rule.text}`).join('')))
  return text
}

/** The jumps, and the rules of others up to the last of them: what decides whether a packet comes to Azure NPM. */
function canonicalForward({forward}: PartTable): string[] {
  return forward.slice(0, forward.findLastIndex(isJump) + 1).map(({text}) => text)
}

/** Whether two sets hold the same, in whatever order. */
function isSameContent(one: PartSet, other: PartSet): boolean {
  if (one.members === other.members) return true
  if (one.members.length !== other.members.length) return false
  let at = 0
  while (at < one.members.length && one.members[at] === other.members[at]) at++
  if (at === one.members.length) return true
  const left = new Set(one.members)
  return other.members.every(member => left.has(member))
}

/** Whether two sets are the same but for how they are stored. */
export const isSameSet = (one: PartSet, other: PartSet): boolean =>
  one === other || (one.type === other.type && canonicalOptions(one) === canonicalOptions(other) && isSameContent(one, other))

/** Members by the entry by which the kernel tells them apart. */
export const byEntry = ({members}: Pick<PartSet, 'members'>): Map<string, string> =>
  new Map(members.map(member => [entryOf(member), member]))
