import type {ProgrammedPolicy} from '../../dataplane/node-translation.ts'
import type {Direction} from '../../names/kernel-name.ts'
import type {Acl, HnsEndpoint} from '../hns/model.ts'
import {aclSettings} from '../hns/print.ts'
import type {AclOwners} from '../npm/acl-owners.ts'
import {FROM_NODE} from '../npm/priorities.ts'

/** One ACL of a policy, with an endpoint that has it. */
export interface FoldedAcl {
  readonly acl: Acl
  readonly endpoint: HnsEndpoint
}

/** The ACLs of one policy and direction, each once, from all endpoints that have them. */
export interface FoldedPolicy extends ProgrammedPolicy {
  readonly acls: readonly FoldedAcl[]
  readonly endpoints: readonly HnsEndpoint[]
}

export interface FoldedAcls {
  readonly policies: readonly FoldedPolicy[]
  /** ACLs of no policy, each once: of the network plugin, or put there by Azure NPM on each endpoint. */
  readonly others: readonly FoldedAcl[]
  /** Ids of ACLs of policies that cannot select the pod that they stand at. */
  readonly stale: readonly string[]
}

interface Group {
  readonly policies: readonly string[]
  readonly id: string
  readonly acls: Map<string, FoldedAcl>
  readonly endpoints: Set<HnsEndpoint>
}

const keyOf = (acl: Acl): string => JSON.stringify(aclSettings(acl))

/** Folds the ACLs of many endpoints into policies. */
export function foldAcls(endpoints: readonly HnsEndpoint[], owners: AclOwners): FoldedAcls {
  const groups = new Map<string, Group>()
  const others = new Map<string, FoldedAcl>()
  const stale = new Set<string>()
  for (const endpoint of endpoints)
    for (const acl of endpoint.acls) {
      const owner = owners.of(acl, endpoint)
      if (owner.kind === 'foreign' || owner.kind === 'base') {
        if (!others.has(keyOf(acl))) others.set(keyOf(acl), {acl, endpoint})
        continue
      }
      const id = acl.id ?? ''
      if (owner.kind === 'stale') stale.add(id)
      const policies = owner.kind === 'policy' ? owner.policies : []
      const key = `${id} ${policies.join(' ')}`
      const group = groups.get(key) ?? {policies, id, acls: new Map(), endpoints: new Set()}
      groups.set(key, group)
      group.endpoints.add(endpoint)
      if (!group.acls.has(keyOf(acl))) group.acls.set(keyOf(acl), {acl, endpoint})
    }
  return {policies: [...groups.values()].flatMap(directionsOf), others: [...others.values()], stale: [...stale]}
}

/** The rule for the node itself is one of what comes in, but a policy with nothing else of that direction does not judge it. */
function directionsOf({policies, id, acls, endpoints}: Group): FoldedPolicy[] {
  const all = [...acls.values()]
  const isOwn = ({acl}: FoldedAcl): boolean => acl.priority === FROM_NODE
  const [policy = 'unknown', ...others] = policies
  const head = {
    policy: others.length > 0 ? 'unknown' : policy,
    chain: id,
    ...(others.length > 0 && {candidates: policies}),
    endpoints: [...endpoints],
  }
  const found = (['Ingress', 'Egress'] as const).flatMap((direction: Direction) => {
    const its = all.filter(each => !isOwn(each) && (each.acl.direction === 'Out') === (direction === 'Egress'))
    return its.length > 0 ? [{...head, direction, acls: its}] : []
  })
  const own = all.filter(isOwn)
  const [first, ...rest] = found
  if (!first) return own.length > 0 ? [{...head, direction: 'Ingress', acls: own}] : []
  return [{...first, acls: [...first.acls, ...own]}, ...rest]
}
