import type {Acl} from '../hns/model.ts'
import {isPolicyAclId} from './acl-id.ts'

/** The host's web service, which Azure CNI keeps all pods from, and on networks of Calico Azure NPM itself. */
export const WIRE_SERVICE = {address: '168.63.129.16', port: 80} as const

/** Whether a rule is the one that denies it: of no policy, and about nothing else. */
export const isOfWireServer = ({id, action, direction, remoteAddresses, remotePorts}: Omit<Acl, 'position'>): boolean =>
  (id === undefined || !isPolicyAclId(id)) &&
  action === 'Block' &&
  direction === 'Out' &&
  remotePorts === String(WIRE_SERVICE.port) &&
  (remoteAddresses === WIRE_SERVICE.address || remoteAddresses === `${WIRE_SERVICE.address}/32`)
