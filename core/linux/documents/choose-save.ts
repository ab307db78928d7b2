import type {Problem} from '../../problem/problem.ts'
import {flagWords} from '../../text/shell-word.ts'
import type {IndexedTable, SaveIndex} from '../iptables/save-model.ts'
import {NPM_CHAIN} from '../npm/chain-names.ts'
import {distinctSaves} from './same-documents.ts'

/** Chains that the kubelet creates in the back end in use. Source: Azure NPM's own detection. */
export const HINT_CHAINS = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'] as const

/** Whether a save has one of these chains. */
const hasHint = (save: SaveIndex): boolean => HINT_CHAINS.some(chain => save.tables.get('mangle')?.chains.has(chain))

/** Whether a save has Azure NPM's entry chain. */
const hasNpm = (save: SaveIndex): boolean => [...save.tables.values()].some(table => table.chains.has(NPM_CHAIN))

/** The rules of a node. Both back ends are in force at the same hooks of the kernel. */
export interface ChosenSaves {
  /** Of the back end that Azure NPM and kube-proxy use. */
  readonly chosen?: SaveIndex
  /** Of the other back end, if it has any rules. A packet must pass these, too. */
  readonly beside?: SaveIndex
  readonly problems: Problem[]
}

/**
 * Chooses the save of the back end that the node uses, and keeps the other one's. Saves of single tables are joined.
 *
 * @param saves all saves of one node
 * @returns nothing is chosen if there is no save, or if two saves of one back end have the same table, which is a problem
 */
export function chooseSave(saves: readonly SaveIndex[]): ChosenSaves {
  const {distinct, problems: repeated} = distinctSaves(saves)
  const {problems, ...chosen} = chooseDistinct(distinct)
  return {...chosen, problems: [...repeated, ...problems]}
}

function chooseDistinct(saves: readonly SaveIndex[]): ChosenSaves {
  const nft = join(saves.filter(save => save.backend !== 'legacy'))
  const legacy = join(saves.filter(save => save.backend === 'legacy'))
  if (nft === 'ambiguous' || legacy === 'ambiguous') {
    const files = [...new Set(saves.map(save => save.file ?? 'a save'))].join(' and ')
    return {
      problems: [
        {
          code: 'AMBIGUOUS_FILES',
          message: `several iptables saves of one node with the same tables: ${files}`,
          next: 'Which one is meant is unknown. Give the file you mean with --from.',
        },
      ],
    }
  }
  if (!nft || !legacy) {
    const chosen = nft ?? legacy
    return chosen ? {chosen, problems: []} : {problems: []}
  }
  for (const mark of [hasHint, hasNpm])
    if (mark(nft) !== mark(legacy)) return mark(nft) ? both(nft, legacy, []) : both(legacy, nft, [])
  const {file} = nft
  return both(nft, legacy, [
    {
      code: 'BACKEND_UNSURE',
      ...(file !== undefined && {file}),
      message: `the dump holds nft and legacy rules, and nothing tells which the node uses; policies are read from nft (${nft.file ?? 'nft'})`,
      next: `If kube-proxy on this node uses legacy iptables, give that file alone: ${flagWords('--from', legacy.file ?? 'FILE')}`,
    },
  ])
}

function both(one: SaveIndex, other: SaveIndex, problems: Problem[]): ChosenSaves {
  // What iptables warns of is there. Nobody takes one table of the back end that is not in use.
  const chosen = {...one, warnsOfLegacy: false}
  const beside = {...other, warnsOfLegacy: false, hasAllTables: !other.endsInTable && !other.lacksTables}
  return isIdle(beside) ? {chosen, problems} : {chosen, beside, problems}
}

/** Whether a save decides about no packet: its chains are empty, and no policy drops. A cut one may have lost what decides. */
const isIdle = (save: SaveIndex): boolean =>
  save.hiddenTables.size === 0 &&
  [...save.tables.values()].every(
    ({isComplete, chains}) =>
      isComplete && [...chains.values()].every(({blocks, policy}) => blocks.length === 0 && policy !== 'DROP'),
  )

function join(saves: readonly SaveIndex[]): SaveIndex | 'ambiguous' | undefined {
  const [first, ...others] = saves
  if (!first) return undefined
  const tables = new Map<string, IndexedTable>(first.tables)
  for (const save of others)
    for (const [name, table] of save.tables) {
      if (tables.has(name)) return 'ambiguous'
      tables.set(name, table)
    }
  if (others.length === 0) return first
  return {
    ...first,
    tables,
    hasAllTables: saves.some(save => save.hasAllTables),
    ...(saves.some(save => save.lacksTables) && {lacksTables: true as const}),
    hiddenTables: new Set(saves.flatMap(save => [...save.hiddenTables])),
    warnsOfLegacy: saves.some(save => save.warnsOfLegacy),
  }
}
