import type {HnsObject} from '../../../agent/hns/functions.ts'
import type {EmulatedDocument} from './state.ts'

/** An object as HNS gives it to who asks in the first version: policies without `Settings`, and the state of endpoints. */
export function shapeV1(object: HnsObject, document: EmulatedDocument, state: number | undefined): object {
  const {ID, Name, Policies} = document
  const flat = Policies.map(({Type, Settings}) => ({Type, ...Settings}))
  if (object === 'network') return {ID, Name, Policies: flat, Type: document['Type'] ?? 'nat', ManagementIP: '10.240.0.4'}
  const [first] = (document['IpConfigurations'] ?? []) as readonly {IpAddress: string; PrefixLength: number}[]
  return {
    ID,
    Name,
    Policies: flat,
    VirtualNetwork: document['HostComputeNetwork'],
    ...(first && {IPAddress: first.IpAddress, PrefixLength: first.PrefixLength}),
    IsRemoteEndpoint: document['Flags'] === 1,
    State: state,
    SharedContainers: [],
  }
}
