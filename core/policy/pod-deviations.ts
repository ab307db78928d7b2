import {withDefaults} from '../kubernetes/api-defaults.ts'
import {selects} from '../kubernetes/label-selector.ts'
import {protocolOf, sidecarPorts} from '../kubernetes/named-ports.ts'
import {type ClusterObjects, objectKey, type Pod, type PolicyPort} from '../kubernetes/objects.ts'
import {hasPolicyAddress, isBehindIpv6} from '../kubernetes/pod-filter.ts'

/** A named port of a policy that a pod declares in a sidecar only. */
export interface SidecarPort {
  /** `namespace/name`. */
  readonly policy: string
  readonly field: string
  /** One such pod, `namespace/name`. */
  readonly pod: string
}

/** Finds the named ports of policies that pods declare in sidecars only, which Azure NPM does not read. */
export function* sidecarPortsOf({pods, policies}: ClusterObjects): Generator<SidecarPort> {
  const inSidecars = pods.filter(pod => hasPolicyAddress(pod) && sidecarPorts(pod).some(({name}) => name !== undefined))
  if (inSidecars.length === 0) return
  for (const policy of policies) {
    const {podSelector = {}, policyTypes = [], ingress = [], egress = []} = withDefaults(policy).spec
    const namespace = policy.metadata.namespace ?? 'default'
    const selected = inSidecars.filter(
      ({metadata}) => (metadata.namespace ?? 'default') === namespace && selects(podSelector, metadata.labels),
    )
    const sides = [
      {type: 'Ingress', field: 'spec.ingress', rules: ingress, receivers: selected},
      {type: 'Egress', field: 'spec.egress', rules: egress, receivers: inSidecars},
    ]
    for (const {type, field, rules, receivers} of sides) {
      if (!policyTypes.includes(type)) continue
      for (const [rule, {ports = []}] of rules.entries())
        for (const [index, port] of ports.entries()) {
          const pod = receivers.find(each => isInSidecarOnly(each, port))
          if (pod) yield {policy: objectKey(policy), field: `${field}[${rule}].ports[${index}].port`, pod: objectKey(pod)}
        }
    }
  }
}

function isInSidecarOnly(pod: Pod, {port, protocol = 'TCP'}: PolicyPort): boolean {
  if (typeof port !== 'string') return false
  const own = (pod.spec?.containers ?? []).flatMap(({ports}) => ports ?? [])
  return sidecarPorts(pod).some(
    sidecar =>
      sidecar.name === port &&
      protocolOf(sidecar) === protocol.toLowerCase() &&
      !own.some(
        each => each.name === port && each.containerPort === sidecar.containerPort && protocolOf(each) === protocolOf(sidecar),
      ),
  )
}

/** Pods whose IPv4 address stands behind an IPv6 one, so that Azure NPM knows them as no pods. */
export const podsBehindIpv6 = ({pods}: ClusterObjects): Pod[] => pods.filter(isBehindIpv6)
