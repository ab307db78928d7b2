import {selects} from '../../kubernetes/label-selector.ts'
import type {PolicyPort} from '../../kubernetes/objects.ts'
import type {Check} from '../check.ts'
import type {ClusterView} from '../cluster-view.ts'
import type {PolicySide, PolicyView} from '../policy-view.ts'

const DNS_PORT = 53

/** Pods with restricted egress that no policy allows to send DNS queries. */
export const checkDns: Check = function* (view, {clusterView}) {
  const egress = egressOf(view)
  if (!egress || allowsDns(egress, clusterView)) return
  const others = clusterView.policiesOf(view.namespace).filter(other => {
    const side = egressOf(other)
    return side !== undefined && allowsDns(side, clusterView)
  })
  const what = silentPods(view, others, clusterView)
  if (what !== undefined) yield {code: 'NO_DNS', field: egress.field, what}
}

const egressOf = ({sides}: PolicyView): PolicySide | undefined => sides.find(({direction}) => direction === 'Egress')

const allowsDns = ({rules}: PolicySide, clusterView: ClusterView): boolean =>
  rules.some(({ports}) => ports.length === 0 || ports.some(({item}) => isDns(item, clusterView)))

/** Whether a port allows DNS. It must be UDP, which resolvers try first. A named port that no pod declares is judged by its name. */
function isDns({protocol = 'TCP', port, endPort}: PolicyPort, clusterView: ClusterView): boolean {
  if (protocol !== 'UDP') return false
  if (port === undefined) return true
  if (typeof port === 'number') return port <= DNS_PORT && DNS_PORT <= (endPort ?? port)
  const numbers = clusterView.numbersOf(port)
  return numbers.length === 0 ? port.includes('dns') : numbers.includes(`udp:${DNS_PORT}`)
}

/** Describes the pods of a policy that other policies leave without DNS. */
function silentPods(
  {namespace, object}: PolicyView,
  others: readonly PolicyView[],
  clusterView: ClusterView,
): string | undefined {
  const {podSelector = {}} = object.spec
  const limited = 'egress is limited, no rule allows 53/UDP'
  // Without pods, a policy is known to select the same pods only if it selects all, or has an equal selector.
  const isCovered = others.some(other => {
    const text = JSON.stringify(other.object.spec.podSelector ?? {})
    return text === '{}' || text === JSON.stringify(podSelector)
  })
  if (isCovered) return undefined
  const pods = clusterView.selected(namespace, podSelector)
  if (pods.length === 0) return limited
  const silent = pods.filter(pod => !others.some(other => selects(other.object.spec.podSelector ?? {}, pod.metadata.labels)))
  const [first] = silent
  if (!first) return undefined
  const more = silent.length > 1 ? ` and ${silent.length - 1} more` : ''
  return `${limited}, here or in another policy, for pod ${first.metadata.name}${more}`
}
