import {memberText} from '../../sets/member.ts'
import {SetIndex, type WalkedSet} from '../../sets/set-index.ts'
import type {MatchSet} from '../ipset/model.ts'
import {blocksOfMatches} from '../iptables/address-blocks.ts'
import {indexIptablesSave} from '../iptables/save-index.ts'
import {SavedChains} from '../iptables/saved-chains.ts'
import {LinuxNode} from '../node-state.ts'
import {FORWARD_CHAIN, isNpmChain} from '../npm/chain-names.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import type {Host} from '../walk/passing.ts'
import type {WalkedChain, WalkedRules} from '../walk/walked-rules.ts'
import {type Backend, backends, isListType, isOwnSet, type LinuxPart, otherThan, type PartSet, type PartTable} from './part.ts'
import type {PartRule} from './part-rule.ts'
import {knowPart, wholePartOf} from './read-part.ts'
import {savedWith} from './save-with.ts'

/** The same node with another part of Azure NPM. Rules, chains and sets of others are as they are on the node. */
export function nodeWith(node: LinuxNode, part: LinuxPart): LinuxNode {
  if (wholePartOf(node) === part) return node
  const base = node instanceof PartNode ? node.base : node
  return wholePartOf(base) === part ? base : new PartNode(base, wholePartOf(base), part)
}

/** Walks look at the part. Its text is printed when somebody asks for more than walks. */
class PartNode extends LinuxNode {
  readonly base: LinuxNode
  private readonly part: LinuxPart
  private readonly hasSameRules: boolean

  constructor(base: LinuxNode, own: LinuxPart, part: LinuxPart) {
    const sets = setsWith(base, own, part)
    const hasSameRules = part.tables === own.tables
    const walked = {rules: hasSameRules ? base.rules : rulesWith(base, own, part), sets: indexWith(base, own, part, sets)}
    super(base.dataPlane, documentsWith(base.documents, part, sets), walked)
    this.base = base
    this.part = part
    this.hasSameRules = hasSameRules
    knowPart(this, part)
  }

  /** Azure NPM's sets tell nothing of it, but its rules may. */
  override get host(): Host {
    return this.hasSameRules ? this.base.host : super.host
  }

  override ruleBlocks(): readonly string[] {
    if (this.hasSameRules) return this.base.ruleBlocks()
    const blocks = new Set(this.base.ruleBlocks())
    for (const backend of backends)
      for (const rules of this.part.tables[backend].chains.values())
        for (const rule of rules) for (const block of blocksOfMatches(rule.matches)) blocks.add(block)
    return [...blocks]
  }

  override with(facts: Parameters<LinuxNode['with']>[0]): LinuxNode {
    return nodeWith(this.base.with(facts), this.part)
  }
}

/** What would be read of the node. */
function documentsWith(
  {saved, savedBeside, ...rest}: LinuxDocuments,
  part: LinuxPart,
  sets: Map<string, MatchSet>,
): LinuxDocuments {
  const {backend, tables} = part
  const beside = savedBeside ?? (isUsed(tables[otherThan(backend)]) ? nothing(otherThan(backend)) : undefined)
  const documents: LinuxDocuments = {...rest, sets}
  // A getter that is spread is called, and walks need no text.
  if (saved) printedLater(documents, 'saved', () => savedWith(saved, tables[backend]))
  if (beside) printedLater(documents, 'savedBeside', () => savedWith(beside, tables[otherThan(backend)]))
  return documents
}

function printedLater(documents: LinuxDocuments, name: 'saved' | 'savedBeside', print: () => SavedChains): void {
  let printed: SavedChains | undefined
  Object.defineProperty(documents, name, {enumerable: true, get: () => (printed ??= print())})
}

const nothing = (backend: Backend): SavedChains => new SavedChains({...indexIptablesSave(['']), backend, hasAllTables: true})

const isUsed = ({chains}: PartTable): boolean => chains.size > 0

function setsWith({documents}: LinuxNode, own: LinuxPart, part: LinuxPart): Map<string, MatchSet> {
  const {sets: read = new Map<string, MatchSet>()} = documents
  const sets = new Map([...read].filter(([name]) => !isOwnSet(name)))
  for (const [name, set] of part.sets) {
    const same = own.sets.get(name) === set ? read.get(name) : undefined
    sets.set(name, same ?? readSet(set))
  }
  return sets
}

/** A set of a part as one that was read. */
const readSet = ({name, type, options, members}: PartSet): MatchSet => ({
  name,
  type,
  header: options,
  members: members.map(member => {
    if (!member.includes(' ')) return {entry: member, nomatch: false, line: 0}
    const [entry = '', ...words] = member.split(' ')
    const nomatch = words[0] === 'nomatch'
    const extra = words.slice(nomatch ? 1 : 0).join(' ')
    return {entry, nomatch, line: 0, ...(extra !== '' && {extra})}
  }),
  line: 0,
})

function indexWith({setIndex}: LinuxNode, own: LinuxPart, part: LinuxPart, sets: ReadonlyMap<string, MatchSet>): SetIndex {
  const changed = new Set<string>()
  for (const name of new Set([...own.sets.keys(), ...part.sets.keys()]))
    if (own.sets.get(name) !== part.sets.get(name)) changed.add(name)
  for (const {name, type, members} of sets.values())
    if (isListType(type) && members.some(({entry}) => changed.has(entry))) changed.add(name)
  const walked = new Map<string, WalkedSet>()
  for (const name of changed) {
    const set = sets.get(name)
    if (set) walked.set(name, {type: set.type, header: set.header, members: set.members.map(memberText)})
  }
  const get = (name: string): WalkedSet | undefined => (changed.has(name) ? walked.get(name) : setIndex.set(name))
  return new SetIndex({get}, {index: setIndex, changed})
}

function rulesWith({rules}: LinuxNode, own: LinuxPart, part: LinuxPart): WalkedRules {
  const {backend} = own
  const other = otherThan(backend)
  const main = tableWith(rules, own.tables[backend], part.tables[backend])
  const beside = part.tables[other]
  if (!rules.beside && !isUsed(beside)) return main
  const below = rules.beside ?? {chain: () => undefined}
  return {...main, backend, beside: {...tableWith(below, own.tables[other], beside), backend: other}}
}

function tableWith(below: WalkedRules, own: PartTable, part: PartTable): WalkedRules {
  const known = new Map<string, WalkedChain>()
  return {
    ...below,
    chain(table, name) {
      if (table !== 'filter' || (name !== FORWARD_CHAIN && !isNpmChain(name))) return below.chain(table, name)
      const isForward = name === FORWARD_CHAIN
      const rules = isForward ? part.forward : part.chains.get(name)
      const read = below.chain(table, name)
      if (!rules) return undefined
      if (rules === (isForward ? own.forward : own.chains.get(name)) && read) return read
      let walked = known.get(name)
      if (!walked) {
        walked = {...(isForward && {policy: read?.policy ?? 'ACCEPT'}), rules: placed(name, rules)}
        known.set(name, walked)
      }
      return walked
    },
  }
}

const placed = (chain: string, rules: readonly PartRule[]): WalkedChain['rules'] =>
  rules.map((rule, index) => rule.at(chain, index + 1))
