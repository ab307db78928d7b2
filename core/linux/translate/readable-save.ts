import type {TranslatedPolicy} from '../../contract/translation.ts'
import type {NameIndex} from '../../names/name-index.ts'
import type {RuleBlock, SaveIndex} from '../iptables/save-model.ts'
import {directionChains} from '../npm/chain-names.ts'
import {chainOfDigest, policyChain} from '../npm/policy-chain.ts'

const KERNEL_NAMES = new RegExp(
  String.raw`\bazure-npm-[0-9a-z]{1,20}\b|\b(?:${Object.values(directionChains).join('|')})-[0-9a-z]{1,10}\b`,
  'g',
)

/**
 * Prints a save with readable names in place of hashes.
 *
 * @param only limits the output to the rules of these policies, the jumps to them, and all rules of the named chains
 * @returns one line at a time, without its line feed
 */
export function* readableSave(
  save: SaveIndex,
  names: NameIndex,
  policyOfChain: ReadonlyMap<string, string>,
  only?: {readonly policies: Iterable<TranslatedPolicy>; readonly chains: readonly string[]},
): Generator<string> {
  const rename = lineRenamer(names, policyOfChain)
  if (!only) {
    for (const {text} of saveLines(save)) yield rename(text)
    return
  }
  const chains = new Set<string>()
  const lines = new Set<number>()
  for (const {chain, rules} of only.policies) {
    chains.add(chain)
    for (const {where} of rules) if ('line' in where && where.line !== undefined) lines.add(where.line)
  }
  for (const {text, rule} of saveLines(save)) {
    if (!rule) continue
    const isWanted =
      lines.has(rule.line) || only.chains.includes(rule.chain) || (rule.leadsTo !== undefined && chains.has(rule.leadsTo))
    if (isWanted) yield rename(text)
  }
}

/** Returns a function that replaces the hashes in a line by names. A hash without a known name stays. */
function lineRenamer(names: NameIndex, policyOfChain: ReadonlyMap<string, string>): (line: string) => string {
  const memo = new Map<string, string>()
  const rename = (found: string): string => {
    const shape = policyChain(found)
    if (shape) {
      const policy = policyOfChain.get(found)
      return policy === undefined ? found : chainOfDigest(policy, shape.direction)
    }
    const known = names.namesOf(found)
    return known.length === 0 ? found : known.map(({name}) => name).join('|')
  }
  return line =>
    line.replace(KERNEL_NAMES, found => {
      let name = memo.get(found)
      if (name === undefined) memo.set(found, (name = rename(found)))
      return name
    })
}

/** One line of a save. A rule has its chain, its line from 1, and the chain that it jumps to. */
interface SaveLine {
  readonly text: string
  readonly rule?: {readonly chain: string; readonly line: number; readonly leadsTo: string | undefined}
}

const LEADS_TO = /.* -[jg] (\S+)/

/** The lines of a save, table by table, in the order of iptables-save. */
function* saveLines(save: SaveIndex): Generator<SaveLine> {
  for (const table of save.tables.values()) {
    yield {text: `*${table.name}`}
    for (const {name, policy = '-', packets, bytes} of table.chains.values())
      yield {text: `:${name} ${policy}${packets === undefined ? '' : ` [${packets}:${bytes}]`}`}
    for (const chain of table.chains.values()) for (const block of chain.blocks) yield* blockLines(block, chain.name)
    yield {text: 'COMMIT'}
  }
}

function* blockLines({piece, start, end, line}: RuleBlock, chain: string): Generator<SaveLine> {
  for (let at = start; at < end; line++) {
    const feed = piece.indexOf('\n', at)
    const stop = feed < 0 || feed > end ? end : feed
    const text = piece.slice(at, piece.charCodeAt(stop - 1) === 13 ? stop - 1 : stop)
    yield {text, rule: {chain, line, leadsTo: LEADS_TO.exec(text)?.[1]}}
    at = stop + 1
  }
}
