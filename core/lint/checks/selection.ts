import type {Check} from '../check.ts'
import {peersOf} from '../policy-view.ts'

/** Selectors that select no pod, or host-network pods, and a namespace that does not exist. */
export const checkSelection: Check = function* (view, {clusterView}) {
  const {object, namespace} = view
  if (clusterView.isMissing(namespace))
    yield {code: 'NO_NAMESPACE', field: 'metadata.namespace', what: `there is no namespace ${namespace}`}
  if (clusterView.knowsPods) {
    const pods = clusterView.selected(namespace, object.spec.podSelector ?? {})
    const ofHost = pods.filter(({spec}) => spec?.hostNetwork === true)
    if (pods.length === 0 && clusterView.knowsPodsOf(namespace))
      yield {code: 'SELECTS_NO_POD', field: 'spec.podSelector', what: `no pod of ${namespace} fits the selector`}
    if (ofHost.length > 0) {
      const more = ofHost.length > 1 ? ` and ${ofHost.length - 1} more` : ''
      const what = `pod ${ofHost[0]?.metadata.name}${more} of the ${pods.length} chosen is of the host network`
      yield {code: 'SELECTS_HOST_NETWORK', field: 'spec.podSelector', what}
    }
  }
  for (const {item, field} of peersOf(view)) {
    if (item.ipBlock) continue
    if (clusterView.choosesNobody(item, namespace)) yield {code: 'PEER_SELECTS_NOTHING', field, what: 'no pod fits the peer'}
  }
}
