import type {Cut, IndexedChain, IndexedTable} from './save-model.ts'

/**
 * Marks the chains that a text without an end may have cut: that of the last rule, and those that the tools print behind it. They print
 * the rules chain by chain, in the order in which they declare the chains.
 *
 * @param last the chain of the last rule; undefined without any rule
 */
export function cutAfter(table: IndexedTable, last: string | undefined, reason: string): void {
  const chains = [...table.chains.values()]
  const at = chains.findIndex(({name}) => name === last)
  // Chains in another order were printed by no tool, so nothing tells which of them is whole.
  const isOrdered = chains.findLastIndex(({blocks}) => blocks.length > 0) === at
  for (const chain of isOrdered ? chains.slice(Math.max(at, 0)) : chains) cutChain(chain, {reason, line: Infinity})
}

/** Marks a chain as cut; of two cuts the earlier one counts. */
export function cutChain(chain: IndexedChain, cut: Cut): void {
  if (!chain.cut || cut.line < chain.cut.line) chain.cut = cut
}

/** The built-in chains of each table, as the policies of `iptables -S` show them. Source: iptables(8). */
const BUILT_IN: readonly (readonly [table: string, has: readonly string[], lacks: readonly string[]])[] = [
  ['mangle', ['PREROUTING', 'FORWARD'], []],
  ['nat', ['PREROUTING', 'POSTROUTING'], ['FORWARD']],
  ['filter', ['INPUT', 'FORWARD', 'OUTPUT'], ['PREROUTING', 'POSTROUTING']],
  ['raw', ['PREROUTING', 'OUTPUT'], ['FORWARD', 'POSTROUTING', 'INPUT']],
]

/**
 * The table that `iptables -S` lists, which does not say it. The table security has the chains of filter; nobody lists it without naming
 * it, and Azure NPM and kube-proxy have nothing there.
 *
 * @param policies names of the chains with a policy
 * @returns undefined when they are those of no table
 */
export function listedTable(policies: ReadonlySet<string>): string | undefined {
  return BUILT_IN.find(([, has, lacks]) => has.every(name => policies.has(name)) && !lacks.some(name => policies.has(name)))?.[0]
}

/** Whether a rule's line holds a second rule: its line breaks were lost. Text in quotes does not count. */
export function holdsSecondRule(line: string): boolean {
  const plain = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
  return / (?:-[APN] \S|COMMIT(?: |$)|\*(?:filter|nat|mangle|raw|security)(?: |$)|:\S+ (?:ACCEPT|DROP|-) \[)/.test(plain.slice(1))
}

/** What may be such a line. Of a whole piece of text, so that lines are looked at one by one only where there may be one. */
export const SECOND_RULE = /[^\]\n]\s-[APN] |\S (?:COMMIT\b|:\S+ (?:ACCEPT|DROP|-) \[)/

/** `filter` of what iptables says about tables that it cannot show. Source: iptables/xtables-save.c and nft.c of iptables 1.8. */
export const INCOMPATIBLE = /[Tt]able [`'"]?(\w+)['"]? (?:is incompatible|contains incompatible)/

/** What iptables says when the other back end has rules, too. Source: `nft_check_xt_legacy` of iptables 1.8. */
export const LEGACY_PRESENT = /Warning: iptables-legacy tables present/
