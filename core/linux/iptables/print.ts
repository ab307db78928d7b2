import {type Chain, type Match, type PortRange, type Rule, type Table, type Target, WHOLE_MARK} from './model.ts'

/** A word that iptables-save prints without quotes. Source: `xtables_save_string` of iptables 1.8. */
const BARE = /^[A-Za-z0-9_-]+$/

/** Quotes a word as iptables-save does. */
export function quoted(text: string): string {
  return BARE.test(text) ? text : `"${text.replaceAll(/["\\']/g, '\\$&')}"`
}

/** Prints a mark or a mask as iptables does: `0x2000`. */
export const printMark = (value: number): string => `0x${value.toString(16)}`
const not = (negated: boolean): string => (negated ? '! ' : '')

function printPorts(option: string, range: PortRange | undefined): string {
  if (!range) return ''
  const ports = range.from === range.to ? String(range.from) : `${range.from}:${range.to}`
  return ` ${not(range.negated)}${option} ${ports}`
}

/** Prints one match as iptables-save does. */
export function printMatch(match: Match): string {
  switch (match.kind) {
    case 'protocol':
      return `${not(match.negated)}-p ${match.protocol}`
    case 'address':
      return `${not(match.negated)}${match.side === 'src' ? '-s' : '-d'} ${match.block}`
    case 'interface':
      return `${not(match.negated)}${match.side === 'in' ? '-i' : '-o'} ${match.name}`
    case 'ports':
      return `-m ${match.protocol}${printPorts('--sport', match.source)}${printPorts('--dport', match.destination)}`
    case 'set':
      return `-m set ${not(match.negated)}--match-set ${match.set} ${match.sides}`
    case 'mark': {
      const mask = match.mask === WHOLE_MARK ? '' : `/${printMark(match.mask)}`
      return `-m mark ${not(match.negated)}--mark ${printMark(match.value)}${mask}`
    }
    case 'state':
      return `-m ${match.module} ${not(match.negated)}--${match.module === 'state' ? 'state' : 'ctstate'} ${match.states}`
    case 'comment':
      return `-m comment --comment ${quoted(match.text)}`
    case 'extension':
      if (match.module === '' || match.module === 'fragment') return match.options
      return `-m ${match.module}${match.options === '' ? '' : ` ${match.options}`}`
  }
}

/** Prints a target with its options as iptables-save does. */
export function printTarget(target: Target): string {
  switch (target.kind) {
    case 'verdict':
      return `-j ${target.verdict}`
    case 'jump':
      return `${target.goto ? '-g' : '-j'} ${target.chain}`
    case 'mark':
      return `-j MARK --set-xmark ${printMark(target.value)}/${printMark(target.mask)}`
    case 'extension':
      return `-j ${target.name}${target.options === '' ? '' : ` ${target.options}`}`
  }
}

/** Prints one rule from `-A` on, after `[packets:bytes]` when `withCounters` is set and the rule has counters. */
export function printRule(rule: Rule, withCounters = false): string {
  const parts = [`-A ${rule.chain}`, ...rule.matches.map(printMatch)]
  if (rule.target) parts.push(printTarget(rule.target))
  const counters = withCounters && rule.packets !== undefined ? `[${rule.packets}:${rule.bytes ?? 0}] ` : ''
  return counters + parts.join(' ')
}

function printDeclaration(chain: Chain): string {
  return `:${chain.name} ${chain.policy ?? '-'} [${chain.packets ?? 0}:${chain.bytes ?? 0}]`
}

/**
 * Prints tables in the format that `iptables-restore` reads. The inverse of `parseIptablesSave`.
 *
 * @returns one line at a time, without its line feed
 */
export function* printIptablesSave(tables: Iterable<Table>, withCounters = false): Generator<string> {
  for (const table of tables) {
    yield `*${table.name}`
    for (const chain of table.chains.values()) yield printDeclaration(chain)
    for (const chain of table.chains.values()) for (const rule of chain.rules) yield printRule(rule, withCounters)
    yield 'COMMIT'
  }
}
