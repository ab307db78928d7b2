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

/**
 * The flags of a cluster.
 *
 * @throws InputError when nothing says which cluster
 */
export function clusterFlagsOf(flags: SourceFlags): ClusterFlags & NodeChoice {
  requireNodeForCluster()
  if (!hasKubeconfig(flags))
    throw new InputError(
      'no source: nothing says what to read',
      'Give a dump with --from PATH (a folder, an archive, files, - for standard input), --local on the node itself, or a cluster: KUBECONFIG or --kubeconfig.',
    )
  return {...flags, 'agent-namespace': flags['agent-namespace'] ?? AGENT_NAMESPACE}
}
