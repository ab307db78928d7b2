import type {ClusterObjects, LabelSelector, Pod} from '../kubernetes/objects.ts'

/**
 * What policies may tell pods apart by, besides their address: the namespace, the labels that selectors name, and the ports with
 * names that rules name.
 *
 * @returns a text for each pod; pods with equal ones are alike to all policies
 */
export function policyLikeness({policies}: ClusterObjects): (pod: Pod) => string {
  const keys = new Set<string>()
  const portNames = new Set<string>()
  const addSelector = ({matchLabels, matchExpressions}: LabelSelector = {}) => {
    for (const key of Object.keys(matchLabels ?? {})) keys.add(key)
    for (const {key} of matchExpressions ?? []) keys.add(key)
  }
  for (const {spec} of policies) {
    addSelector(spec.podSelector)
    for (const {peers, ports} of [
      ...(spec.ingress ?? []).map(rule => ({peers: rule.from, ports: rule.ports})),
      ...(spec.egress ?? []).map(rule => ({peers: rule.to, ports: rule.ports})),
    ]) {
      for (const {port} of ports ?? []) if (typeof port === 'string') portNames.add(port)
      for (const {podSelector} of peers ?? []) addSelector(podSelector)
    }
  }
  const looked = [...keys]
  return ({metadata, spec}) => {
    const labels = looked.map(key => metadata.labels?.[key] ?? null)
    const declared = portNames.size === 0 ? [] : namedPortsIn(spec).filter(({name}) => portNames.has(name))
    return JSON.stringify([metadata.namespace ?? 'default', labels, declared])
  }
}

/** Ports with names in all lists of containers. */
function namedPortsIn(spec: Pod['spec']): {readonly name: string}[] {
  const lists: readonly unknown[] = Object.values(spec ?? {}).filter(Array.isArray)
  return (lists as readonly (readonly {readonly ports?: readonly {readonly name?: string}[]}[])[]).flatMap(containers =>
    containers.flatMap(({ports}) => (ports ?? []).flatMap(port => (port.name === undefined ? [] : [{...port, name: port.name}]))),
  )
}
