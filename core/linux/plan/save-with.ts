import {indexIptablesSave} from '../iptables/save-index.ts'
import type {IndexedTable} from '../iptables/save-model.ts'
import {SavedChains} from '../iptables/saved-chains.ts'
import {FORWARD_CHAIN, isNpmChain} from '../npm/chain-names.ts'
import type {PartTable} from './part.ts'

const FILTER = 'filter'

/** What a save would have with other chains and jumps of Azure NPM. Chains and tables of others are those of the save. */
export function savedWith({save}: SavedChains, part: PartTable): SavedChains {
  const read = save.tables.get(FILTER)
  const others = [...(read?.chains ?? [])].filter(([name]) => name !== FORWARD_CHAIN && !isNpmChain(name))
  const policy = read?.chains.get(FORWARD_CHAIN)?.policy ?? 'ACCEPT'
  const printed = indexIptablesSave([...pieces(part, policy)]).tables.get(FILTER) as IndexedTable
  const table: IndexedTable = {
    ...printed,
    ...(read?.file !== undefined && {file: read.file}),
    chains: new Map([...others, ...printed.chains]),
  }
  return new SavedChains({...save, tables: new Map([...save.tables, [FILTER, table]])})
}

/** The table as iptables-save would print it, a chain at a time. */
function* pieces({chains, forward}: PartTable, policy: string): Generator<string> {
  yield `*${FILTER}\n:${FORWARD_CHAIN} ${policy} [0:0]\n`
  for (const chain of chains.keys()) yield `:${chain} - [0:0]\n`
  for (const [chain, rules] of [[FORWARD_CHAIN, forward] as const, ...chains]) {
    const lines = rules.map(({counters, text}) => {
      const counted = counters ? `[${counters.packets}:${counters.bytes}] ` : ''
      return `${counted}-A ${chain}${text === '' ? '' : ` ${text}`}\n`
    })
    if (lines.length > 0) yield lines.join('')
  }
  yield 'COMMIT\n'
}
