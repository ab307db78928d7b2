/** One thing that could stand on the command line, and what there is to say of it. */
export interface Suggestion {
  readonly text: string
  readonly about?: string
}

/** Names of a kubeconfig, for which nobody is asked. */
export const configKinds = ['context', 'cluster', 'user'] as const
export type ConfigKind = (typeof configKinds)[number]

/** Names that a dump holds, or a cluster and its agents. */
export type SourceKind = 'node' | 'clusterNode' | 'namespace' | 'pod' | 'policy' | 'set' | 'chain' | 'service'

export type NameKind = ConfigKind | SourceKind

/**
 * Finds names of some kinds.
 *
 * @param prefix what stands there already: names that begin otherwise need not be among the answers
 * @throws whatever stands in the way; there is nobody to tell
 */
export type FindNames = (kinds: readonly NameKind[], prefix: string) => Promise<readonly Suggestion[]>
