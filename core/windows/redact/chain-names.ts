import type {ChainNames} from '../../renaming/chain-names.ts'
import {aclIdOf, aclIdRest, isPolicyAclId} from '../npm/acl-id.ts'

const PREFIX = aclIdOf('')

/** On Windows what a policy's rules have in common is their id, which is no hash: the digest is what stands behind the prefix. */
export const windowsChainNames: ChainNames = {
  isOnEveryNode: name => name.startsWith(`${PREFIX}base`) && !isPolicyAclId(name),
  headOf: name => (name.startsWith(PREFIX) ? PREFIX : ''),
  prefixes: [PREFIX.slice(0, -1)],
  policyChains: {
    isHashed: false,
    // What takes the place of an unknown name is bytes with blanks between them.
    digestOf: policy => aclIdRest(aclIdOf(policy)).replaceAll(' ', '-'),
    print: digest => PREFIX + digest,
    parse: id => (isPolicyAclId(id) ? {direction: 'Ingress', digest: aclIdRest(id), scheme: 'sha256'} : undefined),
  },
}
