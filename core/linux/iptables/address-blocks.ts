import type {SaveIndex} from './save-index.ts'

/**
 * Lists the CIDR blocks and addresses in `-s` and `-d` matches of a save, each once: `10.0.0.0/8`. A text search costs less
 * than parsing all rules.
 */
export function blocksInRules(save: SaveIndex): string[] {
  const blocks = new Set<string>()
  for (const table of save.tables.values())
    for (const chain of table.chains.values())
      for (const {piece, start, end} of chain.blocks)
        for (const found of piece.slice(start, end).matchAll(/ -[sd] ([\d./]+)/g)) blocks.add(found[1] as string)
  return [...blocks]
}
