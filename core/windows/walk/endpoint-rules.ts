import {type AddressField, addressField, type PortRange, portsOf, protocolsOf} from '../hns/conditions.ts'
import type {Acl, HnsEndpoint} from '../hns/model.ts'

export type AclDirection = 'In' | 'Out'

/** An access rule ready for questions. Undefined conditions are texts that are not understood. */
export interface EndpointRule {
  readonly acl: Acl
  readonly endpoint: HnsEndpoint
  readonly protocols: readonly number[] | 'any' | undefined
  readonly destinationPorts: readonly PortRange[] | 'any' | undefined
  readonly sourcePorts: readonly PortRange[] | 'any' | undefined
  /** What must hold for the packet's source, and for its destination. */
  readonly source: readonly AddressField[]
  readonly destination: readonly AddressField[]
  /** Undefined for an action that is not known, and one that HNS has and Azure NPM does not use. */
  readonly allows: boolean | undefined
}

/** The rules that judge what an endpoint receives, or sends. */
export interface RuleList {
  readonly direction: AclDirection
  /** By priority, and among equal ones those that block first. */
  readonly rules: readonly EndpointRule[]
  /** Whether the endpoint has any rule that judges packets, of either direction. */
  readonly hasAny: boolean
}

/** Rules of the node's own firewall are asked about other traffic. An absent type is that of the switch. */
const isOfSwitch = ({ruleType}: Acl): boolean => ruleType === undefined || ruleType.toLowerCase() !== 'host'

const isOf = ({direction}: Acl, asked: AclDirection): boolean =>
  direction === asked || (direction !== 'In' && direction !== 'Out')

/** Reads the rules of an endpoint that judge packets of a direction. */
export function rulesOf(endpoint: HnsEndpoint, direction: AclDirection): RuleList {
  const judging = endpoint.acls.filter(isOfSwitch)
  const rules = judging.filter(acl => isOf(acl, direction)).map(acl => endpointRule(acl, endpoint, direction))
  const rank = ({allows}: EndpointRule): number => (allows === false ? 0 : allows === undefined ? 1 : 2)
  return {
    direction,
    rules: rules.toSorted((a, b) => a.acl.priority - b.acl.priority || rank(a) - rank(b)),
    hasAny: judging.length > 0,
  }
}

function endpointRule(acl: Acl, endpoint: HnsEndpoint, direction: AclDirection): EndpointRule {
  const local = addressField(acl.localAddresses)
  const remote = addressField(acl.remoteAddresses)
  const isIn = direction === 'In'
  // Of literals `local` is the endpoint's side. Of sets it is the packet's source, whatever the direction.
  const isSource = (field: AddressField, isLocal: boolean): boolean => (field.kind === 'literals' ? isLocal !== isIn : isLocal)
  const fields = [
    {field: local, isSource: isSource(local, true)},
    {field: remote, isSource: isSource(remote, false)},
  ].filter(({field}) => field.kind !== 'any')
  const [localPorts, remotePorts] = [portsOf(acl.localPorts), portsOf(acl.remotePorts)]
  return {
    acl,
    endpoint,
    protocols: protocolsOf(acl),
    destinationPorts: isIn ? localPorts : remotePorts,
    sourcePorts: isIn ? remotePorts : localPorts,
    source: fields.flatMap(each => (each.isSource ? [each.field] : [])),
    destination: fields.flatMap(each => (each.isSource ? [] : [each.field])),
    allows: isKnown(acl) ? acl.action === 'Allow' : undefined,
  }
}

const isKnown = ({action, direction}: Acl): boolean =>
  (action === 'Allow' || action === 'Block') && (direction === 'In' || direction === 'Out')
