import {InputError} from '../../core/problem/input-error.ts'
import type {NodeChoice} from '../agents/agents.ts'
import {AGENT_NAMESPACE, type ClusterFlags} from '../kubernetes/flags.ts'
import {hasKubeconfig} from '../kubernetes/kubeconfig.ts'
import {requireNodeForCluster} from '../node-version.ts'

/** Where a reading verb takes its data from, as the flags say it. */
export interface SourceFlags extends Partial<Omit<ClusterFlags, 'from'>>, NodeChoice {
  readonly from: readonly string[] | undefined
  readonly local: boolean
  /** The folder of the agent of this machine, beside `local`. */
  readonly stateDir?: string
}

/** Whether the flags say nothing but which cluster. */
export const isLive = ({from, local}: Pick<SourceFlags, 'from' | 'local'>): boolean => !local && (from ?? []).length === 0

/** Whether the flags say which nodes. */
export const isNodeChosen = ({node, pod, selector}: NodeChoice): boolean => (node ?? pod ?? selector) !== undefined

/** Nothing says what a verb is to read. */
export class NoSourceError extends InputError {}

const NODES = '--local on the node itself, or a cluster: KUBECONFIG or --kubeconfig.'

/**
 * The flags of a cluster.
 *
 * @param isWritten whether nodes are written to, for which no dump will do
 * @throws NoSourceError when nothing says which cluster
 */
export function clusterFlagsOf(flags: SourceFlags, isWritten = false): ClusterFlags & NodeChoice {
  requireNodeForCluster()
  if (!hasKubeconfig(flags))
    throw isWritten
      ? new NoSourceError('no node: nothing says which nodes are meant', `Say ${NODES}`)
      : new NoSourceError(
          'no source: nothing says what to read',
          `Give a dump with --from PATH (a folder, an archive, files, - for standard input), ${NODES}`,
        )
  return {...flags, 'agent-namespace': flags['agent-namespace'] ?? AGENT_NAMESPACE}
}
