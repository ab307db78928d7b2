import {selects} from '../../kubernetes/label-selector.ts'
import {type ClusterObjects, type LabelSelector, objectKey} from '../../kubernetes/objects.ts'
import {type Deviation, type DeviationPlace, findDeviations} from '../../policy/deviations.ts'
import {podsBehindIpv6, sidecarPortsOf} from '../../policy/pod-deviations.ts'
import type {Compile} from '../../policy/program.ts'
import type {Remark} from '../findings.ts'
import {type PolicyView, peersOf} from '../policy-view.ts'

type OwnCode = 'NAMESPACE_NOT_IN' | 'NEGATIVE_ONLY' | 'BLOCK_OF_EXCEPT' | 'TERMINATING_NAMESPACE' | 'ALL_NAMESPACES_LABEL'

const whats: Readonly<Record<OwnCode, string>> = {
  NAMESPACE_NOT_IN: 'NotIn has several values',
  NEGATIVE_ONLY: 'the selector has nothing but NotIn and DoesNotExist',
  BLOCK_OF_EXCEPT: 'the except covers the whole block',
  TERMINATING_NAMESPACE: 'the peer selects a namespace that is being deleted',
  ALL_NAMESPACES_LABEL: 'the selector asks for the label key all-namespaces',
}

/** Excludes refusals and collisions, which are deviations too: other checks report them. */
const isOwn = (deviation: Deviation): deviation is Deviation & {readonly code: OwnCode} => deviation.code in whats

/** Deviations of Azure NPM from the API that are neither refusals nor collisions, by affected policy. */
export function deviationRemarks(objects: ClusterObjects, views: readonly PolicyView[], compile: Compile): Map<string, Remark[]> {
  const found = new Map<string, Remark[]>()
  const add = (policy: string, remark: Remark): void => {
    found.set(policy, [...(found.get(policy) ?? []), remark])
  }
  // These deviations do not depend on pods, and compiling pods takes most of the time.
  for (const {code, places} of findDeviations({...objects, pods: []}, {compile}).filter(isOwn))
    for (const place of places)
      if (place.kind === 'NetworkPolicy') add(place.object, {code, field: place.field, what: whats[code]})
      else for (const {policy, field} of selectorsOf(place, objects, views)) add(policy, {code, field, what: whatOf(code, place)})
  for (const {policy, field, pod} of sidecarPortsOf(objects))
    add(policy, {code: 'SIDECAR_PORT', field, what: `pod ${pod} declares the port in a sidecar, where Azure NPM does not look`})
  const behind = podsBehindIpv6(objects)
  for (const {policy, namespace, object} of behind.length === 0 ? [] : views) {
    const its = behind.filter(
      ({metadata}) => (metadata.namespace ?? 'default') === namespace && selects(object.spec.podSelector ?? {}, metadata.labels),
    )
    const [first] = its
    const more = its.length > 1 ? ` and ${its.length - 1} more` : ''
    if (first)
      add(policy, {
        code: 'IPV6_POD',
        field: 'spec.podSelector',
        what: `pod ${objectKey(first)}${more} has an IPv6 address first, and Azure NPM looks at no other`,
      })
  }
  return found
}

const whatOf = (code: OwnCode, {object}: DeviationPlace): string =>
  code === 'ALL_NAMESPACES_LABEL'
    ? `the peer is every namespace, and namespace ${object} has a label of the key all-namespaces`
    : `the peer selects namespace ${object}, which is being deleted`

const isEmpty = ({matchLabels = {}, matchExpressions = []}: LabelSelector): boolean =>
  Object.keys(matchLabels).length + matchExpressions.length === 0

/** The policies with a peer that selects a namespace with a deviation, and the field of that peer. */
function* selectorsOf(
  {object, field}: DeviationPlace,
  {namespaces}: ClusterObjects,
  views: readonly PolicyView[],
): Generator<{policy: string; field: string}> {
  const labels = namespaces.find(({metadata}) => metadata.name === object)?.metadata.labels ?? {}
  const isLabel = field.startsWith('metadata.labels')
  for (const view of views)
    for (const peer of peersOf(view)) {
      const selector = peer.item.namespaceSelector
      if (!selector || peer.item.ipBlock) continue
      if (isLabel ? isEmpty(selector) : selects(selector, labels))
        yield {policy: view.policy, field: `${peer.field}.namespaceSelector`}
    }
}
