import type {TranslatedPolicy} from '../../contract/translation.ts'
import {selects} from '../../kubernetes/label-selector.ts'
import {objectKey, type Pod} from '../../kubernetes/objects.ts'
import {policyIp} from '../../kubernetes/pod-filter.ts'
import type {Knowledge} from '../knowledge.ts'
import {keyOf, type Scope} from '../scope.ts'
import {usedSets} from '../used-sets.ts'

/** @param name `namespace/name` */
export function ofPolicy(name: string, {cluster, pods, nodes}: Knowledge): Scope {
  const isOf = ({policy, candidates = []}: TranslatedPolicy): boolean => [...policy.split('|'), ...candidates].includes(name)
  const used = new Set(nodes.flatMap(node => [...usedSets(node, isOf)]))
  const object = cluster?.policies.find(policy => objectKey(policy) === name)
  const isSelected = (pod: Pod): boolean =>
    object !== undefined &&
    (pod.metadata.namespace ?? 'default') === (object.metadata.namespace ?? 'default') &&
    policyIp(pod) !== undefined &&
    selects(object.spec.podSelector ?? {}, pod.metadata.labels ?? {})
  return {
    pods: pods.filter(isSelected),
    policies: item => keyOf(item) === name,
    rules: policy => (isOf(policy) ? policy : undefined),
    concerns: ({policy}, sets) => policy === name || [...sets].some(set => used.has(set)),
  }
}
