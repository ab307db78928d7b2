import type {SaveIndex} from '../iptables/save-model.ts'
import {FORWARD_CHAIN, isNpmChain, NPM_CHAIN} from './chain-names.ts'
import {npmTable} from './chains.ts'

/** A rule as the node's tool printed it. */
export interface SavedRule {
  /** In the document, from 1. */
  readonly line: number
  /** With the counters before it, where the tool printed them. */
  readonly text: string
}

const JUMP = ` -j ${NPM_CHAIN}`

/** Whether a rule of FORWARD, as printed, sends packets to Azure NPM. What matches a packet is printed before the target. */
export const isNpmJump = (rule: string): boolean => rule.endsWith(JUMP)

/** The lines of a save that hold Azure NPM's rules and the jump to them, in the order of the save. No rule is parsed. */
export function npmRuleLines(save: SaveIndex): readonly SavedRule[] {
  const found: SavedRule[] = []
  for (const {name, blocks} of npmTable(save)?.chains.values() ?? []) {
    const isForward = name === FORWARD_CHAIN
    if (!isForward && !isNpmChain(name)) continue
    for (const {piece, start, end, line} of blocks)
      for (const [index, source] of piece.slice(start, end).split('\n').entries()) {
        const text = source.trimEnd()
        if (!isForward || isNpmJump(text)) found.push({line: line + index, text})
      }
  }
  return found.toSorted((one, other) => one.line - other.line)
}
