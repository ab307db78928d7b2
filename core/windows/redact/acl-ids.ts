import type {KernelNames} from '../../renaming/kernel-names.ts'
import type {Renamer} from '../../renaming/renamer.ts'
import {aclIdOf, aclIdRest, isPolicyAclId} from '../npm/acl-id.ts'

/** New ids of ACLs. Those of a policy hold its names, those of others may hold anything. */
export class AclIds {
  private readonly names: KernelNames
  private readonly renamer: Renamer

  constructor(names: KernelNames, renamer: Renamer) {
    this.names = names
    this.renamer = renamer
  }

  rename(id: string): string {
    if (!isPolicyAclId(id) || this.names.policiesOf(id).length > 0) return this.names.chain(id)
    // Of an unknown policy it is not known where its namespace ends: the dashes stay, so that as many policies are possible as before.
    const words = aclIdRest(id).split('-')
    return aclIdOf(words.map(word => (word === '' ? '' : this.renamer.word(word))).join('-'))
  }
}
