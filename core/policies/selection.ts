import {incompleteObjects, mayMiss} from '../kubernetes/completeness.ts'
import {selects} from '../kubernetes/label-selector.ts'
import {type ClusterObjects, type Labels, type NetworkPolicy, objectKey} from '../kubernetes/objects.ts'
import {hasPolicyAddress} from '../kubernetes/pod-filter.ts'

const namespaceOf = ({metadata}: NetworkPolicy): string => metadata.namespace ?? 'default'

/** Which pods policies select. Pods of equal labels are looked at once, as a workload makes many. */
export class Selection {
  private readonly alike = new Map<string, Map<string, {readonly labels: Labels; count: number}>>()
  private readonly labelsOf = new Map<string, {readonly namespace: string; readonly labels: Labels}>()
  private readonly policies: ReadonlyMap<string, readonly NetworkPolicy[]>
  private readonly isMissing: (namespace: string) => boolean

  constructor(cluster: ClusterObjects) {
    const gaps = incompleteObjects(cluster).filter(({kind}) => kind === 'pods')
    this.isMissing = namespace => gaps.some(gap => mayMiss(gap, namespace))
    this.policies = Map.groupBy(cluster.policies, namespaceOf)
    for (const pod of cluster.pods) {
      if (!hasPolicyAddress(pod)) continue
      const {namespace = 'default', labels = {}} = pod.metadata
      this.labelsOf.set(objectKey(pod), {namespace, labels})
      const known = this.alike.get(namespace) ?? new Map<string, {readonly labels: Labels; count: number}>()
      this.alike.set(namespace, known)
      const key = JSON.stringify(labels)
      const same = known.get(key) ?? {labels, count: 0}
      same.count++
      known.set(key, same)
    }
  }

  /** How many pods a policy selects, in the whole cluster; null when not all pods that it may select are given. */
  count(policy: NetworkPolicy): number | null {
    const namespace = namespaceOf(policy)
    if (this.isMissing(namespace)) return null
    let count = 0
    for (const same of this.alike.get(namespace)?.values() ?? [])
      if (selects(policy.spec.podSelector ?? {}, same.labels)) count += same.count
    return count
  }

  /** The policies that select a pod. */
  selecting(pod: string): string[] {
    const known = this.labelsOf.get(pod)
    if (!known) return []
    return (this.policies.get(known.namespace) ?? []).flatMap(policy =>
      selects(policy.spec.podSelector ?? {}, known.labels) ? [objectKey(policy)] : [],
    )
  }
}
