import type {NodeFailure} from '../contract/common.ts'
import type {FlowList, NodeFlows} from '../contract/flows.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {type FindOptions, findDenied} from './find-denied.ts'
import {type ParsedConnections, parseConnections} from './parse-connections.ts'

const SHOWN_REASONS = 20

/** The connections that were read with a node; undefined when none were, which is no empty list. */
export function connectionsOf({connections}: Pick<NodeState, 'connections'>): ParsedConnections | undefined {
  const parsed = connections?.map(({file, text}) => parseConnections(text, file))
  return (
    parsed && {
      connections: parsed.flatMap(each => [...each.connections]),
      unread: parsed.reduce((sum, {unread}) => sum + unread, 0),
      problems: parsed.flatMap(({problems}) => [...problems]),
    }
  )
}

const NOT_GIVEN = {
  message: 'its connections are not in the input',
  next: 'Take them on the node with its rules: conntrack -L -o extended > conntrack.txt',
} as const

/**
 * Lists the connections of nodes that go on although the rules would drop them if they were new.
 *
 * @param failures nodes that could not be read
 */
export function listDenied(nodes: readonly NodeState[], failures: readonly NodeFailure[], options: FindOptions = {}): FlowList {
  const items: FlowList['items'] = []
  const read: NodeFlows[] = []
  const unread: NodeFailure[] = [...failures]
  for (const node of nodes) {
    const parsed = connectionsOf(node)
    if (!parsed) {
      unread.push({node: node.node, ...(node.dataPlane.withoutConnections ?? NOT_GIVEN)})
      continue
    }
    const {denied, counts, unknown} = findDenied(node, parsed.connections, options)
    for (const {flow} of denied) items.push({node: node.node, ...flow})
    read.push({
      node: node.node,
      ...(node.takenAt !== undefined && {takenAt: node.takenAt}),
      ...counts,
      unread: parsed.unread,
      reasons: unknown.slice(0, SHOWN_REASONS),
      incomplete: counts.unknown > 0 ? [...node.completeness.parts] : [],
      problems: [...parsed.problems],
    })
  }
  return {apiVersion: API_VERSION, kind: 'FlowList', items, nodes: read, failures: unread}
}

/** Whether it is known that no connection goes on that the rules deny; undefined when that is not known. */
export function isClean({items, nodes, failures}: FlowList): boolean | undefined {
  if (items.length > 0) return false
  return failures.length === 0 && nodes.every(({unknown, unread}) => unknown + unread === 0) ? true : undefined
}
