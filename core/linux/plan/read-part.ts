import type {IncompletePart} from '../../contract/common.ts'
import {memberText} from '../../sets/member.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {SavedChains} from '../iptables/saved-chains.ts'
import type {LinuxNode} from '../node-state.ts'
import {FORWARD_CHAIN, isNpmChain} from '../npm/chain-names.ts'
import {lostNpmRules, lostRules} from '../walk/lost-parts.ts'
import {lostSets} from '../walk/lost-sets.ts'
import {foreignUses} from './foreign-uses.ts'
import {type Backend, isOwnSet, type LinuxPart, otherThan, type PartSet, type PartTable} from './part.ts'
import {PartRule} from './part-rule.ts'

const FILTER = 'filter'
const NO_TABLE: PartTable = {chains: new Map(), forward: []}
const parts = new WeakMap<LinuxNode, LinuxPart | {readonly incomplete: readonly IncompletePart[]}>()

/** What a node has of Azure NPM. The same object for the same node, so that what is equal of two parts is mostly the same. */
export function partOf(node: LinuxNode): LinuxPart | {readonly incomplete: readonly IncompletePart[]} {
  let part = parts.get(node)
  if (!part) parts.set(node, (part = readPart(node, lostRules)))
  return part
}

/** What a node had that was kept: tables in which Azure NPM has nothing need not be there. */
export const keptPartOf = (node: LinuxNode): LinuxPart | {readonly incomplete: readonly IncompletePart[]} =>
  readPart(node, lostNpmRules)

/** Keeps what part a node has that was made of it. */
export const knowPart = (node: LinuxNode, part: LinuxPart): void => {
  parts.set(node, part)
}

/** @throws RangeError for a node that is not whole; whoever asks has found out before that it is */
export function wholePartOf(node: LinuxNode): LinuxPart {
  const part = partOf(node)
  if ('incomplete' in part) throw new RangeError(`the node is not whole: ${part.incomplete.map(each => each.part).join(', ')}`)
  return part
}

function readPart(
  {documents}: LinuxNode,
  lostOf: typeof lostRules,
): LinuxPart | {readonly incomplete: readonly IncompletePart[]} {
  const {saved, savedBeside, sets = new Map<string, MatchSet>()} = documents
  const lost = [...lostOf(saved?.save), ...(savedBeside ? lostOf(savedBeside.save) : []), ...lostSets(documents)]
  if (!saved || lost.length > 0) return {incomplete: lost}
  const backend = backendOf(saved)
  const other = otherThan(backend)
  const saves = [{backend, saved}, ...(savedBeside ? [{backend: other, saved: savedBeside}] : [])]
  const tables = {[backend]: tableOf(saved), [other]: savedBeside ? tableOf(savedBeside) : NO_TABLE} as LinuxPart['tables']
  const own = new Map<string, PartSet>()
  for (const set of sets.values()) if (isOwnSet(set.name)) own.set(set.name, setOf(set))
  return {kind: 'npmPart', backend, sets: own, tables, foreign: foreignUses(saves, sets)}
}

/** A save without its first line is taken for one of nft, as everywhere. */
const backendOf = ({save}: SavedChains): Backend => (save.backend === 'legacy' ? 'legacy' : 'nft')

// What was read twice of a node and is the same has the same rules and members, and whoever compares parts need not look into them.
const knownTables = new WeakMap<SavedChains['save']['tables'], PartTable>()
const knownSets = new WeakMap<MatchSet['members'], {readonly set: PartSet; readonly header: MatchSet['header']}>()

function tableOf(saved: SavedChains): PartTable {
  let table = knownTables.get(saved.save.tables)
  if (!table) knownTables.set(saved.save.tables, (table = readTable(saved)))
  return table
}

function readTable(saved: SavedChains): PartTable {
  const rulesOf = (chain: string) => (saved.chain(FILTER, chain)?.rules ?? []).map(rule => PartRule.of(rule))
  const names = [...(saved.save.tables.get(FILTER)?.chains.keys() ?? [])].filter(isNpmChain)
  return {chains: new Map(names.map(name => [name, rulesOf(name)])), forward: rulesOf(FORWARD_CHAIN)}
}

/** Words that the kernel chooses by itself, and that older tools refuse. */
const CHOSEN = new Set(['bucketsize', 'initval'])

function setOf(set: MatchSet): PartSet {
  const {name, type, header, members} = set
  const known = knownSets.get(members)
  if (known?.header === header && known.set.name === name && known.set.type === type) return known.set
  const made = readSet(set)
  knownSets.set(members, {set: made, header})
  return made
}

const readSet = ({name, type, header, members}: MatchSet): PartSet => ({
  name,
  type,
  options: new Map([...header].filter(([key]) => !CHOSEN.has(key))),
  members: members.map(member =>
    member.extra === undefined ? memberText(member) : `${memberText(member)}${kept(member.extra)}`,
  ),
})

/** Counters and the time that is left change by themselves. A comment stands in quotes, and may have their words. */
const CHANGING = new Set(['timeout', 'packets', 'bytes'])

function kept(extra: string): string {
  const words = extra.match(/"[^"]*"|\S+/g) ?? []
  const left = words.filter((word, at) => !CHANGING.has(word) && !CHANGING.has(words[at - 1] ?? ''))
  return left.map(word => ` ${word}`).join('')
}
