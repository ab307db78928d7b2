import type {Description, ReachGroup} from '../contract/description.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Matrix} from '../matrix/matrix.ts'
import {probeNode} from '../matrix/probe-node.ts'
import {InputError} from '../problem/input-error.ts'
import type {Knowledge} from './knowledge.ts'

/** Who may reach a pod and whom it may reach, or why that is not known. */
export type Reach =
  | {readonly reach: NonNullable<Description['reach']>; readonly incomplete: Description['incomplete']}
  | {readonly reason: string; readonly next: string}

/**
 * Tries all ports that policies name between a pod and all others, on the pod's own node: each node judges both directions.
 *
 * @param pod  `namespace/name`
 * @param node on which it runs
 */
export function reachOf(pod: string, node: string | undefined, {nodes, dumps}: Knowledge): Reach {
  const walked = nodes.length === 0 ? dumps.find(({cluster}) => cluster) : nodeOf(node, nodes)
  if (!walked)
    return node === undefined
      ? {reason: 'the input does not tell on which node the pod runs', next: 'Give the cluster objects with --from.'}
      : {
          reason: `its node ${node} is not in the input`,
          next: `Ask a packet of other nodes: kubectl npm trace ${pod} DESTINATION`,
        }
  try {
    const {matrix, document, ports} = probeNode(walked, {}, [])
    const own = matrix.ends.findIndex(({name}) => name === pod)
    if (own < 0)
      return {reason: `node ${walked.node} does not judge its packets`, next: 'Give the node on which it runs with --from.'}
    const tried = ports.map(({protocol, port}) => `${protocol}/${port}`)
    const from = groupsOf(matrix, tried, own, (other, port) => matrix.cell(other, own, port))
    const to = groupsOf(matrix, tried, own, (other, port) => matrix.cell(own, other, port))
    return {
      reach: {node: walked.node, foretold: document.foretold === true, tried, from, to},
      // Filled while cells were decided.
      incomplete: [...document.incomplete],
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const next = error.steps.at(-1) ?? ''
    return {
      reason: error.message,
      next: next.includes('--ports') ? 'Ask the matrix about some: kubectl npm matrix --ports' : next,
    }
  }
}

/** Files that do not tell their node are of the one that is asked about, where there is no other. */
function nodeOf(name: string | undefined, nodes: readonly NodeState[]): NodeState | undefined {
  const [first, ...others] = nodes
  return nodes.find(({node}) => node === name) ?? (first?.node === 'unknown' && others.length === 0 ? first : undefined)
}

/** Other ends by what happens to their packets. Of ends that nothing tells apart one is asked. */
function groupsOf(
  matrix: Matrix,
  tried: readonly string[],
  own: number,
  cell: (other: number, port: number) => ReturnType<Matrix['cell']>,
) {
  const classes = new Map<string, ReachGroup>()
  const groups = new Map<string, ReachGroup>()
  for (const [other, {name, pod}] of matrix.ends.entries()) {
    if (other === own) continue
    const alike = pod ? matrix.classOf(other) : `alone ${name}`
    const known = classes.get(alike)
    if (known) {
      known.ends.push(name)
      continue
    }
    const verdicts: ReachGroup = {ends: [], accepted: [], dropped: [], unknown: [], unlikePolicies: []}
    for (const [index, port] of tried.entries()) {
      const {verdict, expected} = cell(other, index)
      verdicts[verdict === 'accept' ? 'accepted' : verdict === 'drop' ? 'dropped' : 'unknown'].push(port)
      if (expected !== undefined && verdict !== 'unknown' && verdict !== expected) verdicts.unlikePolicies.push(port)
    }
    const key = JSON.stringify(verdicts)
    const group = groups.get(key) ?? verdicts
    groups.set(key, group)
    classes.set(alike, group)
    group.ends.push(name)
  }
  return [...groups.values()].toSorted((a, b) => b.accepted.length - a.accepted.length)
}
