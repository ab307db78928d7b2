import type {NodeChoice} from '../agents/agents.ts'
import type {Waiting} from '../agents/each-node.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import {clusterFlagsOf} from '../source/source-flags.ts'
import type {ReadAccount, WriteTargets} from './write-target.ts'

/** Which nodes are written to, as flags say it. */
export interface TargetFlags extends Partial<ClusterFlags>, NodeChoice {
  readonly local: boolean
  readonly 'state-dir': string
}

/**
 * Opens what the flags name: this machine, or nodes of a cluster.
 *
 * @param account as which the nodes of a cluster are read
 * @throws InputError when there is nothing that could be written to
 */
export async function openTargets(flags: TargetFlags, waiting: Waiting, account: ReadAccount): Promise<WriteTargets> {
  if (flags.local) {
    const {openLocalTarget} = await import('./local-target.ts')
    return openLocalTarget(flags['state-dir'], waiting)
  }
  const cluster = clusterFlagsOf({...flags, from: undefined}, true)
  const {openClusterTargets} = await import('./cluster-targets.ts')
  return openClusterTargets(cluster, waiting, account)
}
