import {InputError} from '../core/problem/input-error.ts'

/** The oldest Node that has what the live half uses: stacks of things to dispose of. */
const OLDEST_MAJOR = 24

/**
 * Verbs that read dumps run on older ones too; those that talk to a cluster do not.
 *
 * @throws InputError on a Node that is too old
 */
export function requireNodeForCluster(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major < OLDEST_MAJOR)
    throw new InputError(
      `talking to a cluster needs Node ${OLDEST_MAJOR} or later; this is ${process.version}`,
      'Install a newer Node, or take a dump and read it with --from.',
    )
}
