import type {ClusterObjects, Labels, Namespace} from './objects.ts'

/** The label that the API server gives every namespace: its name. Source: Kubernetes, NamespaceDefaultLabelName. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name'

/** A Namespace as the API server serves it. One from a repository lacks the label of its name. */
export function withNameLabel(namespace: Namespace): Namespace {
  const {name, labels} = namespace.metadata
  if (labels?.[NAMESPACE_NAME_LABEL] === name) return namespace
  const metadata = {...namespace.metadata, labels: {...labels, [NAMESPACE_NAME_LABEL]: name}}
  return {...namespace, metadata}
}

/** What is known of the labels of a namespace of which no object was given. */
export const nameLabelAlone = (name: string): Labels => ({[NAMESPACE_NAME_LABEL]: name})

/**
 * The objects with a Namespace for each namespace that has pods or policies. Of one that was not given the label of its name is known.
 * Objects of an agent are as the API server gave them.
 */
export function withAllNamespaces(objects: ClusterObjects): ClusterObjects {
  if (!objects.given) return objects
  const known = new Set(objects.namespaces.map(({metadata}) => metadata.name))
  const added: Namespace[] = []
  for (const {metadata} of [...objects.pods, ...objects.policies]) {
    const name = metadata.namespace ?? 'default'
    if (known.has(name)) continue
    known.add(name)
    added.push({metadata: {name, labels: nameLabelAlone(name)}})
  }
  return added.length === 0 ? objects : {...objects, namespaces: [...objects.namespaces, ...added]}
}
