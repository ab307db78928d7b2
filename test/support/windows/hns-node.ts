import type {SetPolicy} from '../../../core/windows/hns/model.ts'
import {parseHns} from '../../../core/windows/hns/parse.ts'
import type {WindowsDocuments} from '../../../core/windows/npm/documents.ts'
import {NodeEndpoints} from '../../../core/windows/walk/node-endpoints.ts'
import {SetLookup} from '../../../core/windows/walk/set-lookup.ts'
import type {WalkedNode} from '../../../core/windows/walk/walk.ts'

/** Documents of a node with these HNS objects, and nothing else. */
export function hnsDocuments(...values: readonly unknown[]): WindowsDocuments {
  const {networks, endpoints} = parseHns(values, 'hns.json')
  const policies = new Map<string, SetPolicy>(networks.flatMap(({sets}) => sets.map(set => [set.id, set])))
  return {node: 'win', metricNames: [], problems: [], endpoints, policies, hasMembers: true, lost: []}
}

export const walkedNode = (documents: WindowsDocuments): WalkedNode => ({
  endpoints: new NodeEndpoints(documents),
  sets: new SetLookup(documents.policies),
})

/** An endpoint of V2 with ACLs. */
export const endpointOf = (address: string, acls: readonly object[], more: object = {}) => ({
  ID: `id-${address}`,
  Name: `end-${address}`,
  HostComputeNetwork: 'net',
  IpConfigurations: [{IpAddress: address}],
  Policies: acls.map(Settings => ({Type: 'ACL', Settings})),
  ...more,
})

/** A network of V2 with sets. */
export const networkOf = (sets: readonly object[]) => ({
  ID: 'net',
  Name: 'azure',
  Ipams: [],
  Policies: sets.map(Settings => ({Type: 'SetPolicy', Settings})),
})
