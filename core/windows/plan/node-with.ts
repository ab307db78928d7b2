import {nodeSet} from '../documents/read.ts'
import {type Acl, type HnsEndpoint, plainGuid, type SetPolicy} from '../hns/model.ts'
import {WindowsNode} from '../node-state.ts'
import {isNpmAclId} from '../npm/acl-id.ts'
import {isOwnSet, type PartSet, type WindowsPart} from './part.ts'
import {knowPart, wholePartOf} from './read-part.ts'

const bases = new WeakMap<WindowsNode, WindowsNode>()

/** The same node with another part of Azure NPM. Sets and policies of others are as they are on the node. */
export function nodeWith(node: WindowsNode, part: WindowsPart): WindowsNode {
  if (wholePartOf(node) === part) return node
  const base = bases.get(node) ?? node
  if (wholePartOf(base) === part) return base
  const made = new WindowsNode(base.dataPlane, {
    ...base.documents,
    ...setsWith(base, part),
    endpoints: (base.documents.endpoints ?? []).map(endpoint => endpointWith(endpoint, part)),
  })
  bases.set(made, base)
  knowPart(made, part)
  return made
}

const madeSets = new WeakMap<PartSet, SetPolicy>()

function setsWith({documents}: WindowsNode, part: WindowsPart): Pick<WindowsNode['documents'], 'policies' | 'sets'> {
  const {policies: known = new Map<string, SetPolicy>(), sets: knownSets} = documents
  const policies = new Map([...known].filter(([id]) => !isOwnSet(id)))
  for (const [id, set] of part.sets) {
    const before = known.get(id)
    const isBefore = before?.policyType === set.policyType && before.values === set.values
    let made = isBefore ? before : madeSets.get(set)
    if (!made) madeSets.set(set, (made = {...set, position: before?.position ?? known.size + 1}))
    policies.set(id, made)
  }
  const sets = [...policies].map(([id, set]) => [id, (known.get(id) === set && knownSets?.get(id)) || nodeSet(set)] as const)
  return {policies, sets: new Map(sets)}
}

function endpointWith(endpoint: HnsEndpoint, part: WindowsPart): HnsEndpoint {
  const its = part.endpoints.get(plainGuid(endpoint.id))
  if (!its) return endpoint
  const foreign = endpoint.acls.filter(acl => !isNpmAclId(acl.id))
  const count = its.foreign.length
  const own = its.own.map((acl, index): Acl => ({...acl, position: count + index + 1}))
  return {...endpoint, acls: [...foreign, ...own]}
}
