import {blocksBetween, parseIpv4} from '../../net/ipv4.ts'
import type {Match} from './model.ts'
import type {SaveIndex} from './save-model.ts'

const NAMED = / (?:(?:-[sd]|--ct(?:orig|repl)(?:src|dst)) ([\d./]+)|--(?:src|dst)-range ([\d.]+)-([\d.]+))/g

/**
 * Lists the addresses that matches of a save name, each once: `10.0.0.0/8`, `10.0.0.1/255.0.0.255`. A range of addresses is the
 * blocks that make it up. A text search costs less than parsing all rules.
 */
export function blocksInRules(save: SaveIndex): string[] {
  const blocks = new Set<string>()
  for (const table of save.tables.values())
    for (const chain of table.chains.values())
      for (const {piece, start, end} of chain.blocks) for (const block of blocksInText(piece.slice(start, end))) blocks.add(block)
  return [...blocks]
}

function* blocksInText(text: string): Generator<string> {
  for (const [, block, from, to] of text.matchAll(NAMED))
    if (block !== undefined) yield block
    else yield* blocksBetween(parseIpv4(from ?? ''), parseIpv4(to ?? ''))
}

/** The addresses that matches of one rule name, in the same words. */
export function* blocksOfMatches(matches: readonly Match[]): Generator<string> {
  for (const match of matches)
    if (match.kind === 'address') yield match.block
    else if (match.kind === 'extension') yield* blocksInText(` ${match.options}`)
}
