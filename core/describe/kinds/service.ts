import {objectKey, type Service} from '../../kubernetes/objects.ts'
import {Selection} from '../../policies/selection.ts'
import type {Knowledge} from '../knowledge.ts'
import {keyOf, type Scope} from '../scope.ts'
import {describeService} from '../service.ts'

/** A service is what its backends are: policies judge packets behind it. */
export function ofService(service: Service, known: Knowledge): Scope {
  const {document, pods, incomplete} = describeService(service, known)
  const keys = new Set(pods.map(objectKey))
  const selection = known.cluster && new Selection(known.cluster)
  const selecting = new Set([...keys].flatMap(key => [...(selection?.selecting(key) ?? [])]))
  return {
    service: document,
    pods,
    policies: item => selecting.has(keyOf(item)),
    rules: policy => (policy.policy.split('|').some(name => selecting.has(name)) ? policy : undefined),
    concerns: ({pod, policy}) => (pod !== undefined && keys.has(pod)) || (policy !== undefined && selecting.has(policy)),
    incomplete,
  }
}
