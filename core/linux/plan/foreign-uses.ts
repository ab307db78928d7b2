import type {MatchSet} from '../ipset/model.ts'
import type {SavedChains} from '../iptables/saved-chains.ts'
import {FORWARD_CHAIN, isNpmChain, NPM_CHAIN} from '../npm/chain-names.ts'
import {type Backend, chainKey, type ForeignUses, isListType, isOwnSet} from './part.ts'

/** A set that a rule names, or a chain that it leads to. */
const USED = new RegExp(`-set "?((?:azure-npm|npm-new)-[0-9a-z]+)(?=["\\s])| -[jg] (${NPM_CHAIN}\\S*)`, 'g')

/** Finds who else uses Azure NPM's sets and chains: rules of other chains, of all tables of both back ends, and lists. */
export function foreignUses(
  saves: readonly {readonly backend: Backend; readonly saved: SavedChains}[],
  sets: ReadonlyMap<string, MatchSet>,
): ForeignUses {
  const usedSets = new Map<string, string>()
  const usedChains = new Map<string, string>()
  for (const {backend, saved} of saves)
    for (const table of saved.save.tables.values())
      for (const chain of table.chains.values()) {
        const isFilter = table.name === 'filter'
        if (isFilter && isNpmChain(chain.name)) continue
        const user = `a rule of chain ${chain.name} in table ${table.name}`
        for (const {piece, start, end} of chain.blocks)
          for (const [, set, leadsTo] of piece.slice(start, end).matchAll(USED)) {
            if (set !== undefined) usedSets.set(set, user)
            // The jumps of FORWARD are Azure NPM's own.
            else if (leadsTo !== undefined && isFilter && !(chain.name === FORWARD_CHAIN && leadsTo === NPM_CHAIN))
              usedChains.set(chainKey(backend, leadsTo), user)
          }
      }
  for (const {name, type, members} of sets.values())
    if (isListType(type) && !isOwnSet(name))
      for (const {entry} of members) if (isOwnSet(entry)) usedSets.set(entry, `list ${name}`)
  return {sets: usedSets, chains: usedChains}
}
