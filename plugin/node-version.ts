import {InputError} from '../core/problem/input-error.ts'

/** The oldest Node on which everything runs: it has stacks of things to dispose of. Verbs that read dumps need less, and are not kept from running. */
const OLDEST_MAJOR = 24

/**
 * Why this Node cannot do some work, or undefined.
 *
 * @param work as the start of a sentence: `talking to a cluster`
 */
export function tooOldNode(work: string): string | undefined {
  const major = Number(process.versions.node.split('.')[0])
  return major < OLDEST_MAJOR ? `${work} needs Node ${OLDEST_MAJOR} or later; this is ${process.version}` : undefined
}

/** @throws InputError on a Node that is too old to run the node's tools */
export const requireNodeForTools = (): void => requireNode("running the node's tools")

/** @throws InputError on a Node that is too old to talk to a cluster */
export const requireNodeForCluster = (): void => requireNode('talking to a cluster')

function requireNode(work: string): void {
  const reason = tooOldNode(work)
  if (reason !== undefined) throw new InputError(reason, 'Install a newer Node, or take a dump and read it with --from.')
}
