import {BASE_ALLOW, WIRE_SERVER} from './priorities.ts'
import type {ProgramAcl} from './program.ts'

/** The network on whose endpoints no network plugin puts ACLs, so that Azure NPM does. Without them HNS denies what no other ACL allows. */
export const BARE_NETWORK = 'Calico'

/**
 * What Azure NPM puts on each new endpoint of that network: its pods do not reach the host's web service, and all else is allowed.
 *
 * Source: section 3.9 of the reference of HNS.
 */
export const BASE_ACLS: readonly ProgramAcl[] = [
  {
    id: 'azure-acl-baseazurewireserver',
    protocols: '6',
    action: 'Block',
    direction: 'Out',
    remoteAddresses: '168.63.129.16/32',
    remotePorts: '80',
    ruleType: 'Switch',
    priority: WIRE_SERVER,
  },
  {id: 'azure-acl-baseallowinswitch', action: 'Allow', direction: 'In', priority: BASE_ALLOW[0]},
  {id: 'azure-acl-baseallowoutswitch', action: 'Allow', direction: 'Out', priority: BASE_ALLOW[0]},
  {id: 'azure-acl-baseallowinhost', action: 'Allow', direction: 'In', ruleType: 'Host', priority: 0},
  {id: 'azure-acl-baseallowouthost', action: 'Allow', direction: 'Out', ruleType: 'Host', priority: 0},
]

export const isBaseAcl = ({id}: ProgramAcl): boolean => BASE_ACLS.some(base => base.id === id)
