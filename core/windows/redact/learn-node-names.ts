import type {NodeFacts} from '../../dataplane/node-facts.ts'
import {setKernelName, setScheme} from '../../names/kernel-name.ts'
import type {NodeNames} from '../../renaming/node-names.ts'
import {joinWindowsDocuments, type WindowsDocument} from '../documents/read.ts'
import {isPolicyAclId} from '../npm/acl-id.ts'
import {AclOwners} from '../npm/acl-owners.ts'
import type {WindowsDocuments} from '../npm/documents.ts'
import {learnNames} from '../npm/learn-names.ts'

/** Collects the names in the sets and ACLs of a node. Never throws. */
export function learnNodeNames(facts: NodeFacts, contents: readonly WindowsDocument[]): readonly NodeNames[] {
  const joined = joinWindowsDocuments(contents.map(content => ({name: '', content})))
  const documents: WindowsDocuments = {...facts, ...joined, hasMembers: joined.policies !== undefined, problems: []}
  const owners = new AclOwners(documents)
  const {names, kernelSets} = learnNames(documents, owners)
  const policies = (documents.endpoints ?? []).flatMap(endpoint =>
    endpoint.acls.flatMap(acl => {
      if (acl.id === undefined || !isPolicyAclId(acl.id)) return []
      const owner = owners.of(acl, endpoint)
      return owner.kind === 'policy' && owner.policies.length === 1 ? owner.policies : []
    }),
  )
  const sets = [...names.kernelNames].flatMap(kernelName => {
    const scheme = setScheme(kernelName) ?? 'sha256'
    // A set whose name has another hash is a finding, and must stay one.
    return names
      .namesOf(kernelName)
      .filter(({name}) => setKernelName(name, scheme) === kernelName)
      .map(({name, policy}) => ({
        kernelName,
        name: {name, generation: 'v2' as const, scheme, ...(policy !== undefined && {policy})},
      }))
  })
  return [{policies: [...new Set(policies)], sets, met: [...kernelSets], generations: ['v2']}]
}
