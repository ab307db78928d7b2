import type {Check} from '../check.ts'
import {peersOf} from '../policy-view.ts'

const MOST_BLOCKS = 4
const SHOWN = 3

/** Blocks that contain pods or nodes, and policies with many blocks. */
export const checkBlocks: Check = function* (view, {clusterView}) {
  let blocks = 0
  let excepts = 0
  let first: string | undefined
  for (const {item, field, direction} of peersOf(view)) {
    const {ipBlock} = item
    if (!ipBlock) continue
    blocks++
    excepts += ipBlock.except?.length ?? 0
    first ??= `${field}.ipBlock`
    const at = `${field}.ipBlock.cidr`
    const pods = clusterView.podsIn(ipBlock)
    const nodes = clusterView.nodesIn(ipBlock)
    // 0.0.0.0/0 is meant to contain everything.
    if (!ipBlock.cidr.endsWith('/0')) {
      if (pods.length > 0) yield {code: 'BLOCK_HOLDS_PODS', field: at, what: `${ipBlock.cidr} holds ${some(pods)}`}
      if (nodes.length > 0) yield {code: 'BLOCK_HOLDS_NODES', field: at, what: `${ipBlock.cidr} holds ${some(nodes)}`}
    }
    if (direction === 'Egress' && pods.length + nodes.length > 0)
      yield {code: 'CILIUM_IP_BLOCK', field: at, what: `${ipBlock.cidr} holds ${some([...pods, ...nodes])}`}
  }
  if (first !== undefined && (blocks > MOST_BLOCKS || excepts > MOST_BLOCKS))
    yield {code: 'MANY_BLOCKS', field: first, what: `the policy has ${blocks} ipBlocks with ${excepts} excepts`}
}

function some(names: readonly string[]): string {
  const more = names.length - SHOWN
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
