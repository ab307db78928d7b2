import {WIRE_SERVER} from '../../policy/platform-services.ts'
import type {Acl} from '../hns/model.ts'
import {isPolicyAclId} from './acl-id.ts'

/**
 * Whether a rule is the one by which Azure CNI, and on networks of Calico Azure NPM itself, keeps all pods from the WireServer: of no policy,
 * and about nothing else.
 */
export const isOfWireServer = ({id, action, direction, remoteAddresses, remotePorts}: Omit<Acl, 'position'>): boolean =>
  (id === undefined || !isPolicyAclId(id)) &&
  action === 'Block' &&
  direction === 'Out' &&
  remotePorts === String(WIRE_SERVER.port) &&
  (remoteAddresses === WIRE_SERVER.address || remoteAddresses === `${WIRE_SERVER.address}/32`)
