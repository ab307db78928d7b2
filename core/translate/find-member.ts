import type {NodeFailure} from '../contract/common.ts'
import type {Membership} from '../contract/membership.ts'
import {API_VERSION} from '../contract/version.ts'
import type {SetPart} from '../dataplane/completeness.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {plainPart} from '../kubernetes/completeness.ts'
import {InputError} from '../problem/input-error.ts'
import {podsByAddress} from '../sets/list-sets.ts'
import type {Member} from '../sets/member.ts'
import {joined, setsHolding} from './holding-sets.ts'

/** A member as it is asked for: an end, and perhaps a port. */
export interface AskedMember {
  readonly end: string
  readonly port?: NonNullable<Member['port']>
}

const PORT = /^(?:(tcp|udp|sctp):)?(\d{1,5})(?:\/(tcp|udp|sctp))?$/i

/**
 * Reads `10.0.0.1`, `10.0.0.1,80`, `10.0.0.1,udp:53` as ipset prints it, `10.0.0.1,53/udp`, and a pod's name in place of the address.
 *
 * @throws InputError for what is no port
 */
export function readMember(text: string): AskedMember {
  const comma = text.lastIndexOf(',')
  if (comma < 0) return {end: text}
  const parts = PORT.exec(text.slice(comma + 1))
  const number = Number(parts?.[2])
  if (!parts || number > 65535)
    throw new InputError(`--member ${text}: what is behind the comma is no port`, 'Give it like 10.0.0.1,80 or 10.0.0.1,53/udp.')
  return {end: text.slice(0, comma), port: {protocol: (parts[1] ?? parts[3] ?? 'tcp').toLowerCase(), number}}
}

/** The sets of all nodes that hold an address, each once, and whether there may be more. */
export function findMember(
  nodes: readonly NodeState[],
  {asked, address, port}: {readonly asked: string; readonly address: string; readonly port?: AskedMember['port']},
  failures: NodeFailure[],
): {readonly document: Membership; readonly isUnknown: boolean} {
  const parts: SetPart[] = nodes.flatMap(({completeness}) => completeness.ofSets)
  const cluster = nodes.find(node => node.cluster)?.cluster
  return {
    document: {
      apiVersion: API_VERSION,
      kind: 'Membership',
      asked,
      address,
      ...(port && {port}),
      pods: (cluster && podsByAddress(cluster).get(address)) ?? [],
      nodes: nodes.map(({node}) => node),
      items: joined(nodes.map(node => setsHolding(address, node, port))),
      incomplete: [...new Map(parts.map(part => [part.part, plainPart(part)])).values()],
      failures,
    },
    isUnknown: failures.length > 0 || parts.some(({isOpen}) => !isOpen),
  }
}
