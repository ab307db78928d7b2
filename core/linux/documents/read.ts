import type {Extent, NodeContent} from '../../dataplane/node-facts.ts'
import {isSetName} from '../../names/kernel-name.ts'
import type {Text} from '../../text/lines.ts'
import type {MatchSet} from '../ipset/model.ts'
import {parseIpsetList} from '../ipset/parse-list.ts'
import {parseIpsetSave} from '../ipset/parse-save.ts'
import {indexIptablesSave} from '../iptables/save-index.ts'
import type {IndexedChain, SaveIndex} from '../iptables/save-model.ts'
import {policyChain} from '../npm/policy-chain.ts'

/** The kinds of documents with rules or sets of a Linux node. */
export const linuxDocumentKinds = ['iptables-save', 'ipset-save', 'ipset-list'] as const

/** The parsed output of a tool on a Linux node. */
export type LinuxDocument = NodeContent &
  (
    | {readonly kind: 'iptables-save'; readonly save: SaveIndex}
    | {
        readonly kind: 'ipset-save' | 'ipset-list'
        readonly sets: readonly MatchSet[]
        readonly isOpen: boolean
        readonly damage?: string
      }
  )

/**
 * Parses the output of `iptables-save`, `iptables -S`, `ipset save` or `ipset list`. Never throws for bad input: see `problems`.
 *
 * @param name of the document, for problems
 * @param extent whether the text may be cut off, and whether it has all tables
 */
export function readLinuxDocument(kind: LinuxDocument['kind'], text: Text, name: string, extent: Extent): LinuxDocument {
  if (kind === 'iptables-save') {
    const index = indexIptablesSave(text, name)
    const save = {...index, hasAllTables: extent === 'all' && !index.endsInTable && !index.lacksTables}
    closeListing(save, extent)
    return {kind, backend: save.backend === 'legacy' ? 'legacy' : 'nft', save, problems: save.problems}
  }
  const isOpen = extent === 'open'
  if (kind === 'ipset-list') return {kind, isOpen, ...parseIpsetList(text, name)}
  const {sets, last, ...told} = parseIpsetSave(text, name)
  const isCut = (set: MatchSet): boolean => isOpen && set.name === last && isSetName(last) && !set.cut
  return {kind, isOpen, ...told, sets: sets.map(set => (isCut(set) ? {...set, cut: NO_END} : set))}
}

/** Azure NPM makes so many sets that the end of one is where a text is likely to be cut. */
const NO_END = {
  reason: 'it is the last one in the text, and ipset save prints no end, so more members may have followed',
  isDamaged: false,
  isOpen: true,
} as const

/** The rule that Azure NPM puts at the end of each policy's chain. */
const LAST_RULE = 'DROP-ALL'

/**
 * Completes the table of `iptables -S`, which prints no end: when something else follows in the text, or when the last chain is one of a
 * policy, whose end is known.
 */
function closeListing({tables}: SaveIndex, extent: Extent): void {
  for (const table of tables.values()) {
    if (!table.isListing) continue
    const open = [...table.chains.values()].filter(({cut}) => cut)
    const isEnded =
      open.every(({cut}) => cut?.line === Infinity) && (extent !== 'open' || (open.length === 1 && hasLastRule(open[0])))
    if (!isEnded) continue
    for (const chain of open) delete chain.cut
    table.isComplete = true
  }
}

function hasLastRule(chain: IndexedChain | undefined): boolean {
  const block = chain?.blocks.at(-1)
  if (!chain || !block || !policyChain(chain.name)) return false
  const line = block.piece.slice(block.piece.lastIndexOf('\n', block.end - 1) + 1, block.end)
  return line.includes(` ${LAST_RULE}`) || line.includes(`"${LAST_RULE}`)
}
