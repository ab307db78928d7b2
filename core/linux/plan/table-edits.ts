import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import {chainEdits, type Edit, flushed} from './chain-edits.ts'
import type {PartTable} from './part.ts'
import {isJump, type PartRule} from './part-rule.ts'

/**
 * The lines of one file for `iptables-restore --noflush` that bring Azure NPM's chains and its jumps from one state to another: first
 * the chains that are new, by name, then what stands in chains, then the jumps, at last the chains that go.
 */
export function tableEdits(now: PartTable, next: PartTable): Edit[] {
  const edits: Edit[] = []
  const filled: Edit[] = []
  const gone: Edit[] = []
  for (const [chain, rules] of next.chains) {
    const [first, ...others] = chainEdits(chain, now.chains.get(chain), rules)
    if (!first) continue
    if (first.line.does === 'declare') edits.push(first)
    else filled.push(first)
    filled.push(...others)
  }
  for (const [chain, rules] of now.chains) {
    if (next.chains.has(chain)) continue
    if (rules.length > 0) filled.push(flushed(chain, rules))
    gone.push({line: {does: 'remove', chain}, undo: [{does: 'declare', chain}]})
  }
  return [...edits.toSorted(byChain), ...filled, ...jumpEdits(now.forward, next.forward), ...gone]
}

/**
 * `iptables-nft-restore` looks for the place of each new chain among those before it, by name: for 2,700 chains in another order that is half of
 * what it does itself. All lines come into force at once, so their order says nothing.
 */
const byChain = (one: Edit, other: Edit): number => (one.line.chain < other.line.chain ? -1 : 1)

/**
 * Jumps are deleted by what they say, never by their position: rules of others may come and go in FORWARD at any time, and a number
 * may be that of one of theirs.
 */
function jumpEdits(now: readonly PartRule[], next: readonly PartRule[]): Edit[] {
  if (isSameForward(now, next)) return []
  const chain = FORWARD_CHAIN
  const edits: Edit[] = []
  const left = [...now]
  for (;;) {
    const at = left.findIndex(isJump)
    const rule = left[at]
    if (!rule) break
    left.splice(at, 1)
    edits.push({line: {does: 'deleteRule', chain, rule}, undo: [{does: 'insert', chain, position: at + 1, rule}]})
  }
  for (const [index, rule] of next.entries())
    if (isJump(rule))
      edits.push({
        line: {does: 'insert', chain, position: index + 1, rule},
        undo: [{does: 'delete', chain, position: index + 1}],
      })
  return edits
}

const isSameForward = (now: readonly PartRule[], next: readonly PartRule[]): boolean =>
  now === next || (now.length === next.length && now.every((rule, index) => rule.text === next[index]?.text))
