import type {ClusterObjects} from './objects.ts'

/**
 * Prints objects as a JSON List like that of `kubectl get -o json`, one object per line, as an agent does: objects of a cluster's dump stay
 * the same, byte by byte, when it is put together anew. Yields pieces of the text.
 */
export function* printObjects({
  nodes,
  namespaces,
  pods,
  policies,
  services = [],
  endpointSlices = [],
  given,
}: ClusterObjects): Generator<string> {
  // Objects of files may lack kinds, and whoever reads the dump must not take them for none.
  yield `{"apiVersion":"v1","kind":"List","metadata":{},${given ? `"given":${JSON.stringify(given)},` : ''}"items":[`
  let isFirst = true
  const groups = [
    ['v1', 'Node', nodes],
    ['v1', 'Namespace', namespaces],
    ['networking.k8s.io/v1', 'NetworkPolicy', policies],
    ['v1', 'Pod', pods],
    ['v1', 'Service', services],
    ['discovery.k8s.io/v1', 'EndpointSlice', endpointSlices],
  ] as const
  for (const [apiVersion, kind, objects] of groups)
    for (const object of objects) {
      yield `${isFirst ? '\n' : ',\n'}${JSON.stringify({apiVersion, kind, ...object})}`
      isFirst = false
    }
  yield '\n]}\n'
}
