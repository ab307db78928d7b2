const SUFFIX = '-node'

/** The namespace of the agents' pods, which have the host network. `namespace` is the one that people go to: accounts and relays. */
export const nodeNamespaceOf = (namespace: string): string => `${namespace}${SUFFIX}`

/** The namespace that people go to, for one that agents' pods are in: itself in installations of before there were relays. */
export const peopleNamespaceOf = (podNamespace: string): string =>
  podNamespace.endsWith(SUFFIX) ? podNamespace.slice(0, -SUFFIX.length) : podNamespace
