import {expectedNames} from '../../names/expected-names.ts'
import type {Scheme} from '../../names/hash.ts'
import {setKernelName, setScheme} from '../../names/kernel-name.ts'
import {NameIndex} from '../../names/name-index.ts'
import {addressField} from '../hns/conditions.ts'
import {isNpmAclId} from './acl-id.ts'
import type {AclOwners} from './acl-owners.ts'
import type {WindowsDocuments} from './documents.ts'

/** The names of a node's sets, and which sets ACLs of Azure NPM name. */
export interface LearnedNames {
  readonly names: NameIndex
  /** Ids of sets that ACLs name. */
  readonly used: ReadonlySet<string>
  /** Azure NPM's sets that a network has or an ACL names. */
  readonly kernelSets: ReadonlySet<string>
  readonly schemes: ReadonlySet<Scheme>
}

const EMPTY_NAME = 'empty-emptyhashset'

/** Learns what ids were made of: sets say their names, and objects of the cluster, NPM's cache and metrics tell those that do not. */
export function learnNames(documents: WindowsDocuments, owners: AclOwners): LearnedNames {
  const names = new NameIndex()
  const used = new Set<string>()
  const {policies, endpoints, cache, metricNames, cluster} = documents
  for (const {id, name} of policies?.values() ?? [])
    if (name !== undefined && setScheme(id) !== undefined) names.learn(id, name, 'set', 'v2')
  for (const {kernelName, name} of cache?.names ?? []) names.learn(kernelName, name, 'cache', 'v2')
  for (const {kernelName, name} of metricNames) names.learn(kernelName, name, 'metrics', 'v2')
  const policiesOf = new Map<string, Set<string>>()
  for (const endpoint of endpoints ?? [])
    for (const acl of endpoint.acls) {
      if (!isNpmAclId(acl.id)) continue
      const owner = owners.of(acl, endpoint)
      for (const field of [addressField(acl.localAddresses), addressField(acl.remoteAddresses)]) {
        if (field.kind !== 'sets') continue
        for (const id of field.ids) {
          used.add(id)
          if (owner.kind !== 'policy' || owner.policies.length !== 1) continue
          const its = policiesOf.get(id) ?? new Set()
          its.add(owner.policies[0] as string)
          policiesOf.set(id, its)
        }
      }
    }
  const kernelSets = new Set([...(policies?.keys() ?? []), ...used].filter(id => setScheme(id) !== undefined))
  const schemes = new Set([...kernelSets].flatMap(id => setScheme(id) ?? []))
  for (const scheme of schemes) {
    const empty = setKernelName(EMPTY_NAME, scheme)
    if (kernelSets.has(empty)) names.learn(empty, EMPTY_NAME, 'hash', 'v2')
    for (const objects of [cluster, cache?.objects])
      for (const {name, policy} of objects ? expectedNames(objects, 'v2', scheme) : []) {
        const id = names.hashed(name, scheme)
        if (!kernelSets.has(id)) continue
        names.learn(id, name, objects === cluster ? 'cluster' : 'cache', 'v2')
        if (policy !== undefined) names.usedBy(id, name, policy)
      }
  }
  // Old names of nested sets cannot be parsed without the policy that uses them.
  for (const [id, its] of policiesOf)
    for (const {name} of names.namesOf(id)) for (const policy of its) names.usedBy(id, name, policy)
  return {names, used, kernelSets, schemes}
}
