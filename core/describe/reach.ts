import type {Description, ReachGroup} from '../contract/description.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {Matrix} from '../matrix/matrix.ts'
import {isWrong, probeNodes} from '../matrix/probe-nodes.ts'
import {InputError} from '../problem/input-error.ts'
import {shellWord} from '../text/shell-word.ts'
import {constantPorts, type PortRange} from './constant-ports.ts'
import type {Knowledge} from './knowledge.ts'

/** Who may reach a pod and whom it may reach, or why that is not known. */
export type Reach =
  | {readonly reach: NonNullable<Description['reach']>; readonly incomplete: Description['incomplete']}
  | {readonly reason: string; readonly next: string}

/**
 * Judges all ports between a pod and all others by the rules of both ends' nodes, as far as they are given. Each judges both directions.
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
          next: `Ask a packet of other nodes: kubectl npm trace ${shellWord(pod)} DESTINATION`,
        }
  try {
    let ranges: readonly PortRange[] = []
    const {matrix, document} = probeNodes(
      nodes.length > 1 ? nodes : [walked],
      {
        ports: input => {
          ranges = constantPorts(pod, input)
          return ranges.map(({protocol, from}) => ({protocol, port: from}))
        },
      },
      [],
    )
    const own = matrix.ends.findIndex(({name}) => name === pod)
    if (own < 0)
      return {reason: `node ${walked.node} does not judge its packets`, next: 'Give the node on which it runs with --from.'}
    const from = groupsOf(matrix, ranges, own, (other, port) => matrix.cell(other, own, port))
    const to = groupsOf(matrix, ranges, own, (other, port) => matrix.cell(own, other, port))
    return {
      reach: {nodes: document.nodes ?? [walked.node], foretold: document.foretold === true, from, to},
      incomplete: [
        // Filled while cells were decided.
        ...document.incomplete,
        ...document.problems
          .filter(({code}) => nodes.length > 1 && code === 'NETWORK_MODEL')
          .map(({message, next}) => ({part: 'nodes of other pods', state: 'absent' as const, reason: message, next})),
      ],
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return {reason: error.message, next: error.steps.at(-1) ?? ''}
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
  ranges: readonly PortRange[],
  own: number,
  cell: (other: number, port: number) => ReturnType<Matrix['cell']>,
) {
  const classes = new Map<string, ReachGroup>()
  const groups = new Map<string, {readonly group: ReachGroup; readonly accepted: number}>()
  for (const [other, {name, pod}] of matrix.ends.entries()) {
    if (other === own) continue
    const alike = pod ? matrix.classOf(other) : `alone ${name}`
    const judged = classes.get(alike)
    if (judged) {
      judged.ends.push(name)
      continue
    }
    const cells = ranges.map((range, at) => ({range, ...cell(other, at)}))
    const portsWhere = (holds: (each: (typeof cells)[number]) => boolean) =>
      portTexts(cells.filter(holds).map(({range}) => range))
    const verdicts: ReachGroup = {
      ends: [],
      accepted: portsWhere(({verdict}) => verdict === 'accept'),
      dropped: portsWhere(({verdict}) => verdict === 'drop'),
      unknown: portsWhere(({verdict}) => verdict === 'unknown'),
      unlikePolicies: portsWhere(isWrong),
    }
    const key = JSON.stringify(verdicts)
    const accepted = cells.reduce((sum, {range, verdict}) => sum + (verdict === 'accept' ? range.to - range.from + 1 : 0), 0)
    const known = groups.get(key) ?? {group: verdicts, accepted}
    groups.set(key, known)
    classes.set(alike, known.group)
    known.group.ends.push(name)
  }
  return [...groups.values()].toSorted((a, b) => b.accepted - a.accepted).map(({group}) => group)
}

const LAST_PORT = 65_535

/** Neighbours as one: `tcp/80`, `tcp/30000-30010`, and `tcp` for all its ports. */
function portTexts(ranges: readonly PortRange[]): string[] {
  const joined: PortRange[] = []
  for (const range of ranges) {
    const last = joined.at(-1)
    if (last?.protocol === range.protocol && last.to === range.from - 1) joined[joined.length - 1] = {...last, to: range.to}
    else joined.push(range)
  }
  return joined.map(({protocol, from, to}) =>
    from === 0 && to === LAST_PORT ? protocol : from === to ? `${protocol}/${from}` : `${protocol}/${from}-${to}`,
  )
}
