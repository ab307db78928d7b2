import type {LostPart} from '../iptables/model.ts'
import type {SaveIndex} from '../iptables/save-model.ts'
import {isKubeletChain, KUBELET_CANARY, PROXY_CANARY, PROXY_FIREWALL, SERVICES_CHAIN} from '../npm/chain-names.ts'

/**
 * Tables that a save does not have, and that its node does: kubelet and kube-proxy write chains into several tables, so those of one
 * prove the others. Nothing proves the tables raw and security, and Azure NPM by itself has rules in filter only.
 */
export function provenTables(save: SaveIndex | undefined): LostPart[] {
  if (!save || save.hasAllTables) return []
  const {file = 'the input'} = save
  const lacks = (table: string): boolean => !save.tables.has(table) && !save.hiddenTables.has(table)
  const isProven = {
    mangle: hasChain(save, isKubeletChain),
    nat:
      hasChain(save, chain => chain === PROXY_CANARY || chain === PROXY_FIREWALL) ||
      // Of the tables that get a canary, filter is the last.
      save.tables.get('filter')?.chains.has(KUBELET_CANARY) === true ||
      // Where mangle was given, it would have the canary of a kube-proxy that runs.
      (lacks('mangle') && hasChain(save, chain => chain === SERVICES_CHAIN)),
  }
  return (['mangle', 'nat'] as const)
    .filter(table => lacks(table) && isProven[table])
    .map(table => ({
      part: `table ${table}`,
      state: 'absent',
      reason: `${file} does not have it, and chains of ${table === 'nat' ? 'kube-proxy' : 'kubelet or kube-proxy'} show that the node does`,
      next: 'Take all rules of the node: iptables-save -c',
    }))
}

function hasChain({tables}: SaveIndex, fits: (chain: string) => boolean): boolean {
  for (const {chains} of tables.values()) for (const chain of chains.keys()) if (fits(chain)) return true
  return false
}
