import type {NodeState, NodeWriting} from '../dataplane/dataplane.ts'
import type {PlannedStep} from '../dataplane/plan.ts'
import {type DeniedConnection, type FindOptions, findDenied} from './find-denied.ts'
import {connectionsOf} from './list-denied.ts'

const NAMED = 5

/**
 * What a plan says of connections that go on when it is done although the node denies them then.
 *
 * @param node as it is, with its connections; without them there is nothing to say
 */
export function foretellDenied(
  node: NodeState,
  writing: NodeWriting,
  steps: readonly PlannedStep[],
  options: FindOptions = {},
): string[] {
  const {connections = []} = connectionsOf(node) ?? {}
  // Most plans are made where nothing goes on that could be denied, and the node behind a plan takes as long as half of planning.
  if (connections.length === 0) return []
  const part = writing.partOf(node)
  if ('incomplete' in part) return []
  const after = steps.reduce((before, step) => writing.after(before, step), part)
  const {denied} = findDenied(writing.nodeWith(node, after), connections, options)
  if (denied.length === 0) return []
  const more = denied.length > NAMED ? `, and ${denied.length - NAMED} more` : ''
  const isOne = denied.length === 1
  return [
    `${denied.length} connection${isOne ? ' goes' : 's go'} on that the new state denies: ${denied.slice(0, NAMED).map(textOf).join(', ')}${more}. --end-denied-flows ends ${isOne ? 'it' : 'them'}`,
  ]
}

function textOf({flow}: DeniedConnection): string {
  const {protocol, source, destination, destinationPort, from, to} = flow
  return `${protocol} ${from ?? source} -> ${to ?? destination}${destinationPort === undefined ? '' : `:${destinationPort}`}`
}
