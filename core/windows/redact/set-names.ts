import {setScheme} from '../../names/kernel-name.ts'
import type {FreeText} from '../../renaming/free-text.ts'
import type {KernelNames} from '../../renaming/kernel-names.ts'
import {NETWORKS} from '../npm/network-names.ts'

/** Azure NPM looks for networks of these names, which every cluster has. */
export const isKnownNetwork = (name: string): boolean => NETWORKS.has(name)

/** The types of policies that HNS has on networks and endpoints, in both shapes. Source: section 1 of the reference of HNS. */
export const POLICY_TYPES: ReadonlySet<string> = new Set(
  `
ACL SetPolicy SourceMacAddress NetAdapterName VSwitchExtension DrMacAddress AutomaticDNS InterfaceConstraint ProviderAddress
RemoteSubnetRoute VxlanPort HostRoute L4Proxy LayerConstraint NetworkACL PortMapping QOS L2Driver OutBoundNAT SDNRoute L4WFPPROXY
PortName EncapOverhead Encryption VLAN InterfaceParameters Iov TierAcl ROUTE NAT PA VSID
`
    .trim()
    .split(/\s+/),
)

/** New readable names of sets, which HNS has beside their hashes. */
export class SetNames {
  private readonly names: KernelNames
  private readonly freeText: FreeText

  constructor(names: KernelNames, freeText: FreeText) {
    this.names = names
    this.freeText = freeText
  }

  /** @param id of the set; a name that has another hash is renamed by its form */
  rename(name: string, id: string): string {
    const known = this.names.namesOf(id).find(each => each.name === name)
    if (known) return this.names.renameSet(known)
    return setScheme(id) === undefined ? this.freeText.rewrite(name) : this.freeText.setName(name)
  }
}
