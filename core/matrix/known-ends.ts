import type {NodeState} from '../dataplane/dataplane.ts'
import {dataPlaneOfNode} from '../dataplanes.ts'
import {objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Problem} from '../problem/problem.ts'
import {resolveEndpoint} from '../trace/endpoints.ts'
import {knownPods, Routes} from '../trace/nodes.ts'
import {type MatrixEnd, matrixEnds} from './matrix.ts'

interface Wanted {
  /** Only pods of these namespaces. */
  readonly namespaces?: readonly string[] | undefined
}

const isIn = ({metadata}: Pod, namespaces: Wanted['namespaces']): boolean =>
  namespaces === undefined || namespaces.includes(metadata.namespace ?? 'default')

/** The ends of the matrix of some nodes: the pods whose packets one of them judges, and the outside. */
export function endsOf(nodes: readonly NodeState[], {namespaces}: Wanted): MatrixEnd[] {
  const known = knownPods(nodes)
  const wanted = known.pods.filter(pod => isIn(pod, namespaces))
  const isElsewhere = judgedElsewhere(nodes)
  const pods = wanted.filter(pod => !isElsewhere(pod))
  return matrixEnds(pods, resolveEndpoint('external', known))
}

/** Whether only another node enforces the policies of a pod: what these say of it is not what happens to its packets. */
function judgedElsewhere(nodes: readonly NodeState[]): (pod: Pod) => boolean {
  const isForetold = nodes.some(node => node.isForetold)
  // What runs on other nodes of a cluster of which several were read is known by their operating system.
  const isAsked = isForetold || nodes.length > 1
  const objects = new Map(isAsked ? knownPods(nodes).nodes?.map(node => [node.metadata.name, node]) : [])
  const planes = new Set(nodes.map(({dataPlane}) => dataPlane))
  const read = new Set(nodes.map(({node}) => node))
  return pod => {
    const {nodeName = ''} = pod.spec ?? {}
    const ip = policyIp(pod)
    if (ip !== undefined && nodes.every(({judges}) => judges?.(ip) === false)) return true
    const plane = dataPlaneOfNode(objects.get(nodeName))
    if (plane === undefined || (!isForetold && read.has(nodeName))) return false
    // Some nodes judge the pods that run on them, and no others.
    return !planes.has(plane) || (!isForetold && !nodes.some(each => each.dataPlane === plane && each.judges === undefined))
  }
}

/** What is said of pods that are left out. */
export function elsewhereProblems(nodes: readonly NodeState[], {namespaces}: Wanted): Problem[] {
  const isElsewhere = judgedElsewhere(nodes)
  const others = knownPods(nodes).pods.filter(pod => isIn(pod, namespaces) && isElsewhere(pod))
  if (others.length === 0) return unreadProblems(nodes, namespaces)
  const [first] = others
  const named = others.length === 1 && first ? objectKey(first) : `${others.length} pods`
  return [
    {
      code: 'NETWORK_MODEL',
      message: nodes.some(node => node.isForetold)
        ? `${named} of nodes with another operating system ${others.length === 1 ? 'is' : 'are'} left out: Azure NPM enforces policies there in another way`
        : `${named} of other nodes ${others.length === 1 ? 'is' : 'are'} left out: ${nodes.length > 1 ? 'each of those' : 'the node'} judges the packets of its own pods only`,
      next: 'Ask trace about packets between pods of different nodes.',
    },
  ]
}

/** Of nodes whose names are known it is known which others there are. */
function unreadProblems(nodes: readonly NodeState[], namespaces: Wanted['namespaces']): Problem[] {
  if (nodes.some(({node, isForetold}) => node === 'unknown' || isForetold)) return []
  const routes = new Routes(nodes)
  const unread = knownPods(nodes).pods.filter(pod => {
    const address = policyIp(pod)
    const isAsked = isIn(pod, namespaces)
    return isAsked && address !== undefined && !routes.homeOf({pod, address})
  })
  const [first] = unread
  if (!first) return []
  const names = [...new Set(unread.map(({spec}) => spec?.nodeName ?? 'of unknown name'))]
  return [
    {
      code: 'NETWORK_MODEL',
      message: `${unread.length === 1 ? objectKey(first) : `${unread.length} pods`} run${unread.length === 1 ? 's' : ''} on nodes that are not in the input (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}): what those do with their packets is not known`,
      next: "Their packets have the verdict of the other end's node. Give the dumps of all nodes.",
    },
  ]
}

/** The ends that are there before and after, each side with its own addresses and labels. */
export function commonEnds(before: readonly MatrixEnd[], after: readonly MatrixEnd[]): {before: MatrixEnd[]; after: MatrixEnd[]} {
  const [then, now] = [before, after].map(ends => new Set(ends.map(({name}) => name))) as [Set<string>, Set<string>]
  return {before: before.filter(({name}) => now.has(name)), after: after.filter(({name}) => then.has(name))}
}
