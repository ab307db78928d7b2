import type {Difference, RuleDifference} from '../../dataplane/difference.ts'
import {addressField} from '../hns/conditions.ts'
import type {HnsEndpoint} from '../hns/model.ts'
import {aclSettings} from '../hns/print.ts'
import {FROM_NODE} from '../npm/priorities.ts'
import type {ProgramAcl} from '../npm/program.ts'

/** An access rule at an endpoint, as it is compared. */
export interface ComparedAcl {
  readonly acl: ProgramAcl
  readonly endpoint: HnsEndpoint
  /** `namespace/name` */
  readonly policy?: string
}

/** A difference between a program and a Windows node. The list of a rule is an endpoint; its order is of no account. */
export type WindowsDifference = Difference<ComparedAcl>
export type AclDifference = RuleDifference<ComparedAcl>

/** Rules that differ in nothing that HNS looks at have one key. The order of what a field lists is of no account. */
export function aclKey(acl: ProgramAcl, isNodeKnown: boolean): string {
  const {LocalAddresses, RemoteAddresses, LocalPorts, RemotePorts, Protocols, ...rest} = aclSettings({...acl, rest: {}})
  const sorted = (text: unknown): string => (typeof text === 'string' ? text.split(',').toSorted().join(',') : '')
  // Which address the node has may not be known; there is one such rule for each policy.
  const remote = acl.priority === FROM_NODE && !isNodeKnown ? 'the node' : sorted(RemoteAddresses)
  return JSON.stringify([
    ...Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ...[LocalAddresses, LocalPorts, RemotePorts, Protocols].map(sorted),
    remote,
  ])
}

/** The sets that an ACL names. */
export const setsOf = ({localAddresses, remoteAddresses}: ProgramAcl): readonly string[] =>
  [localAddresses, remoteAddresses].flatMap(text => {
    const field = addressField(text)
    return field.kind === 'sets' ? field.ids : []
  })
