/**
 * The objects of HNS, the Host Networking Service of Windows, as far as Azure NPM has to do with them: sets on networks, and access
 * rules (ACLs) on endpoints. Fields are kept as they are written; what they mean is in `conditions.ts`. Members that are not known here
 * stay in `rest` or `source`, so that nothing is lost when an object is printed again.
 */

export type JsonObject = Readonly<Record<string, unknown>>

/** V2 is the shape of computenetwork.dll and of `Get-HnsNetwork -Version 2`; V1 that of the module which is part of Windows. */
export type HnsShape = 'v1' | 'v2'

/** A set of addresses (IPSET), or of such sets (NESTEDIPSET): one policy of a network. */
export interface SetPolicy {
  /** What rules and nested sets name it by: `azure-npm-…`. */
  readonly id: string
  /** What Azure NPM hashes: `ns-shop`. Absent where a dump lacks it. */
  readonly name?: string
  /** Undefined when it is written as something else. */
  readonly policyType: 'IPSET' | 'NESTEDIPSET' | undefined
  /** Addresses, blocks, or ids of sets. */
  readonly values: readonly string[]
  /** Place among the policies of its network, from 1. */
  readonly position: number
  readonly rest?: JsonObject
}

/** An access rule of an endpoint. An absent field matches everything. */
export interface Acl {
  /** Azure NPM gives all rules of one policy the same. */
  readonly id?: string
  readonly action: string
  readonly direction: string
  /** Numbers of IANA, joined by commas. */
  readonly protocols?: string
  /** Addresses and blocks, or ids of sets, joined by commas. */
  readonly localAddresses?: string
  readonly remoteAddresses?: string
  /** Ports and ranges, joined by commas. */
  readonly localPorts?: string
  readonly remotePorts?: string
  readonly ruleType?: string
  /** The lowest decides first. */
  readonly priority: number
  /** Place among the policies of its endpoint, from 1. */
  readonly position: number
  readonly rest?: JsonObject
}

export interface HnsNetwork {
  readonly shape: HnsShape
  readonly id: string
  readonly name: string
  /** The address of the node on it. V1 only. */
  readonly managementAddress?: string
  readonly sets: readonly SetPolicy[]
  readonly source: JsonObject
}

/** Whether a pod is attached to an endpoint: only then does Azure NPM look at it. Undefined when nothing says. */
export type Attachment = boolean | undefined

export interface HnsEndpoint {
  readonly shape: HnsShape
  readonly id: string
  readonly name: string
  /** Id of its network. */
  readonly network?: string
  /** Its first IPv4 address, the only one that Azure NPM looks at. */
  readonly address?: string
  readonly isAttached: Attachment
  /** Whether it stands for an endpoint of another node. */
  readonly isRemote: boolean
  readonly acls: readonly Acl[]
  readonly source: JsonObject
}

/** An id as it is compared: HNS prints GUIDs in either case, some tools with braces. */
export const plainGuid = (text: string): string => text.replace(/^\{|\}$/g, '').toLowerCase()
