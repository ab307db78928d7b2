import {selects} from '../../../core/kubernetes/label-selector.ts'
import type {ClusterObjects, LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort} from '../../../core/kubernetes/objects.ts'

/** What of the API the policies of a case use, one line each, to see that no feature is without a case. */
export function featuresOf({policies, pods}: ClusterObjects): string[] {
  const features = policies.flatMap(policy => policyFeatures(policy))
  if (policies.length > 1) features.push('several policies')
  if (policies.length === 0) features.push('no policy')
  for (const {metadata, spec} of policies) {
    const own = pods.filter(pod => pod.metadata.namespace === metadata.namespace)
    if (!own.some(pod => selects(spec.podSelector ?? {}, pod.metadata.labels))) features.push('a policy that selects no pod')
  }
  return [...new Set(features)]
}

const inBothDirections = [
  'an empty rule',
  'an empty list',
  'several rules',
  'several peers',
  'several ports',
  'both selectors',
  ...['In one', 'In several', 'NotIn one', 'NotIn several', 'Exists', 'DoesNotExist', 'a label', 'several labels', 'all'].flatMap(
    how => [`pods: ${how}`, `namespaces: ${how}`],
  ),
  'block',
  'block with exceptions',
  'block of everything',
  'block of everything with exceptions',
  ...['TCP', 'UDP', 'SCTP'].flatMap(protocol => [
    `${protocol} number`,
    `${protocol} name`,
    `${protocol} range`,
    `${protocol} without a port`,
  ]),
]

/** What must be in some case. */
export const featureList: readonly string[] = [
  'no policy',
  'several policies',
  'a policy that selects no pod',
  'types Ingress',
  'types Egress',
  'types Ingress Egress',
  'types Egress Ingress',
  'no types, ingress rules',
  'no types, egress rules',
  ...['all', 'a label', 'several labels', 'labels and expressions'].map(how => `target: ${how}`),
  ...['In one', 'In several', 'NotIn one', 'NotIn several', 'Exists', 'DoesNotExist'].map(how => `target: ${how}`),
  ...inBothDirections.flatMap(feature => [`ingress: ${feature}`, `egress: ${feature}`]),
]

function policyFeatures({spec}: NetworkPolicy): string[] {
  const {podSelector = {}, policyTypes, ingress, egress} = spec
  const features = selectorFeatures(podSelector, 'target')
  features.push(policyTypes ? `types ${policyTypes.join(' ')}` : `no types, ${egress ? 'egress' : 'ingress'} rules`)
  for (const [direction, rules] of [
    ['ingress', ingress?.map(({from, ports}) => ({peers: from, ports}))],
    ['egress', egress?.map(({to, ports}) => ({peers: to, ports}))],
  ] as const)
    for (const {peers, ports} of rules ?? []) {
      if (!peers && !ports) features.push(`${direction}: an empty rule`)
      if (peers?.length === 0 || ports?.length === 0) features.push(`${direction}: an empty list`)
      if (rules && rules.length > 1) features.push(`${direction}: several rules`)
      if (peers && peers.length > 1) features.push(`${direction}: several peers`)
      if (ports && ports.length > 1) features.push(`${direction}: several ports`)
      for (const feature of [...(peers ?? []).flatMap(peerFeatures), ...(ports ?? []).map(portFeature)])
        features.push(`${direction}: ${feature}`)
    }
  return features
}

function peerFeatures({podSelector, namespaceSelector, ipBlock}: PolicyPeer): string[] {
  if (ipBlock) return [`block${ipBlock.cidr === '0.0.0.0/0' ? ' of everything' : ''}${ipBlock.except ? ' with exceptions' : ''}`]
  const features = podSelector && namespaceSelector ? ['both selectors'] : []
  if (podSelector) features.push(...selectorFeatures(podSelector, 'pods'))
  if (namespaceSelector) features.push(...selectorFeatures(namespaceSelector, 'namespaces'))
  return features
}

function selectorFeatures({matchLabels, matchExpressions}: LabelSelector, what: string): string[] {
  if (!matchLabels && !matchExpressions) return [`${what}: all`]
  const features = (matchExpressions ?? []).map(
    ({operator, values}) => `${what}: ${operator}${values ? (values.length > 1 ? ' several' : ' one') : ''}`,
  )
  const labels = Object.keys(matchLabels ?? {}).length
  if (labels > 0) features.push(`${what}: ${labels > 1 ? 'several labels' : 'a label'}`)
  if (matchLabels && matchExpressions) features.push(`${what}: labels and expressions`)
  return features
}

function portFeature({protocol = 'TCP', port, endPort}: PolicyPort): string {
  if (port === undefined) return `${protocol} without a port`
  if (endPort !== undefined) return `${protocol} range`
  return typeof port === 'number' || /^\d+$/.test(port) ? `${protocol} number` : `${protocol} name`
}
