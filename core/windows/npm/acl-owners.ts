import {objectKey} from '../../kubernetes/objects.ts'
import {policyIp} from '../../kubernetes/pod-filter.ts'
import type {Acl, HnsEndpoint} from '../hns/model.ts'
import {type AclOwner, aclOwner} from './acl-id.ts'
import type {WindowsDocuments} from './documents.ts'

const NAMESPACE = 'ns-'

/** Finds the pods at endpoints, and the policies that ACLs belong to. */
export class AclOwners {
  private readonly namespaces = new Map<string, string | undefined>()
  private readonly pods = new Map<string, string[]>()
  private readonly known: ReadonlySet<string>

  constructor({cluster, cache, policies}: WindowsDocuments) {
    for (const pod of [...(cluster?.pods ?? []), ...(cache?.objects.pods ?? [])]) {
      const address = policyIp(pod)
      if (address === undefined) continue
      const names = this.pods.get(address) ?? []
      if (!names.includes(objectKey(pod))) this.pods.set(address, [...names, objectKey(pod)])
      this.note(address, pod.metadata.namespace ?? 'default')
    }
    // Each pod is in the set of its namespace, and sets say their names.
    for (const {name, values} of policies?.values() ?? [])
      if (name?.startsWith(NAMESPACE))
        for (const address of values) if (!this.pods.has(address)) this.note(address, name.slice(NAMESPACE.length))
    this.known = new Set(cluster?.policies.map(objectKey))
  }

  /** Two pods of different namespaces at one address tell nothing. */
  private note(address: string, namespace: string): void {
    const known = this.namespaces.get(address)
    if (!this.namespaces.has(address)) this.namespaces.set(address, namespace)
    else if (known !== namespace) this.namespaces.set(address, undefined)
  }

  /** Pods at an endpoint, `namespace/name`; none when nothing tells. */
  podsAt({address}: HnsEndpoint): readonly string[] {
    return address === undefined ? [] : (this.pods.get(address) ?? [])
  }

  of({id}: Pick<Acl, 'id'>, {address}: HnsEndpoint): AclOwner {
    const namespace = address === undefined ? undefined : this.namespaces.get(address)
    return aclOwner(id, namespace, policy => this.known.has(policy))
  }
}
