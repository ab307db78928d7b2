import type {DataPlane, NodeWriting} from '../dataplane/dataplane.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import type {LeftAlone, NpmPart} from '../dataplane/plan.ts'
import {listed} from '../drift/words.ts'
import type {Compared} from './narrow.ts'

export interface Repaired {
  readonly part: NpmPart
  /** What was chosen and stays, because something that was not chosen needs it. */
  readonly stays: readonly LeftAlone[]
  /** What was not chosen and is repaired with it, because the rest needs it. */
  readonly notes: readonly string[]
}

/** What tells a difference from all others, and is the same when a node is compared again behind a repair of others. */
export function differenceKey(difference: AnyDifference, dataPlane: DataPlane): string {
  const {kind, change, name, kernelName, expected, found} = dataPlane.describe(difference)
  // Of the jump from FORWARD, places are told, and they move.
  return JSON.stringify([kind, change, kernelName ?? name, expected, difference.kind === 'jump' ? undefined : found])
}

/** A node with differences repaired, and what that took besides. */
export function repairedWith(
  chosen: readonly AnyDifference[],
  {node, program, differences}: Compared,
  writing: NodeWriting,
): Repaired {
  const part = writing.repairedPart(node, chosen, program)
  // With all of them nothing is left that could need something.
  if (chosen.length === 0 || chosen.length === differences.length) return {part, stays: [], notes: []}
  const {dataPlane} = node
  const keyOf = (difference: AnyDifference): string => differenceKey(difference, dataPlane)
  const left = new Map<string, number>()
  for (const each of dataPlane.compare(program, writing.nodeWith(node, part)).differences)
    left.set(keyOf(each), (left.get(keyOf(each)) ?? 0) + 1)
  /** Whether one is still there. Of several that are alike each is counted once. */
  const isLeft = (difference: AnyDifference): boolean => {
    const key = keyOf(difference)
    const count = left.get(key) ?? 0
    left.set(key, count - 1)
    return count > 0
  }
  const asked = new Set(chosen)
  const isChain = (each: AnyDifference) => 'chain' in each
  const besides = differences.filter(each => !asked.has(each) && !isLeft(each))
  const stays = chosen.filter(isLeft)
  const names = (of: readonly AnyDifference[]) => [...new Set(of.map(each => dataPlane.describe(each).name))]
  const [chains, sets] = [besides.filter(isChain), besides.filter(each => !isChain(each))]
  return {
    part,
    stays: names(stays).map(name => ({
      name,
      reason: 'something that was not asked for needs it',
      next: 'Repair that too, or all: leave --policy, --set and --cause out.',
    })),
    notes: [
      ...(sets.length > 0 ? [`repaired too, because rules that were asked for need it: set ${listed(names(sets))}`] : []),
      ...(chains.length > 0 ? [`repaired too, because rules that were asked for need it: chain ${listed(names(chains))}`] : []),
    ],
  }
}
