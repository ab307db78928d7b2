import type {Cause} from '../../dataplane/cause.ts'
import {aclKey} from '../compare/compared-acl.ts'
import type {Acl, HnsEndpoint} from '../hns/model.ts'
import {aclSettings} from '../hns/print.ts'
import {isPolicyAclId} from '../npm/acl-id.ts'
import {ALLOW, BASE_ALLOW} from '../npm/priorities.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {isOfWireServer} from '../npm/wire-server.ts'
import type {WindowsWalk} from '../walk/walk.ts'

/** An ACL of another program, on whichever endpoints it stands. */
export interface ForeignAcl {
  readonly aclKey: string
}

const isForeignAcl = (value: object): value is ForeignAcl => 'aclKey' in value

/**
 * Whether an ACL may judge packets and is of no policy, and none of those that the network plugin puts on each endpoint. Rules of the node's
 * own firewall are asked about other traffic.
 */
export const isForeign = (acl: ProgramAcl): boolean =>
  (acl.id === undefined || !isPolicyAclId(acl.id)) &&
  acl.ruleType?.toLowerCase() !== 'host' &&
  !isOfWireServer(acl) &&
  !isBaseAllow(acl)

const isBaseAllow = ({action, priority, localAddresses, remoteAddresses}: ProgramAcl): boolean =>
  action === 'Allow' && BASE_ALLOW.some(each => each === priority) && !localAddresses && !remoteAddresses

/** The causes that ACLs of other programs are which decide about a packet. */
export const foreignCauses = ({trail}: WindowsWalk, endpoints: readonly HnsEndpoint[]): Cause[] =>
  trail.flatMap(({rule}) => (rule && isForeign(rule.acl) ? [foreignCause(rule.acl, endpoints)] : []))

function foreignCause(acl: Acl, endpoints: readonly HnsEndpoint[]): Cause {
  const key = aclKey(acl, true)
  const names = endpoints.filter(({acls}) => acls.some(each => aclKey(each, true) === key)).map(({name, id}) => name || id)
  const [first = ''] = names
  const where = names.length === 1 ? `endpoint ${first}` : `${names.length} endpoints`
  const does = acl.action === 'Allow' ? 'lets packets pass' : 'drops packets'
  const when = acl.priority < ALLOW ? "before Azure NPM's ACLs are asked" : 'that no ACL of Azure NPM decides about before'
  return {
    kind: 'foreignRule',
    text: `an ACL of ${where}, which is not Azure NPM's, ${does} ${when}: ${JSON.stringify(aclSettings(acl))}`,
    where: {endpoint: first, acl: acl.id ?? 'without id', priority: acl.priority, position: acl.position},
    differences: [],
    foreign: {aclKey: key} satisfies ForeignAcl,
    instead:
      'apply leaves the ACLs of other programs alone: have the program that wrote it take it away, or give it a priority above 3000',
  }
}

/** Endpoints without the ACLs that are causes. */
export function withoutForeign(endpoints: readonly HnsEndpoint[], causes: readonly Cause[]): readonly HnsEndpoint[] {
  const gone = new Set(causes.flatMap(({foreign}) => (foreign && isForeignAcl(foreign) ? [foreign.aclKey] : [])))
  if (gone.size === 0) return endpoints
  return endpoints.map(endpoint => {
    const acls = endpoint.acls.filter(acl => !gone.has(aclKey(acl, true)))
    return acls.length === endpoint.acls.length ? endpoint : {...endpoint, acls}
  })
}
