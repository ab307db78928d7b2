import type {Labels, Namespace} from './objects.ts'

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
