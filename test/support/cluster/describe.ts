import {beforeAll} from 'vitest'
import {type Binary, binaryFolder} from '../../cluster/lab/binaries.ts'
import {
  clusterBinaries,
  controlPlaneBinaries,
  kwokBinaries,
  missingForCluster,
  missingForControlPlane,
  missingForKwok,
} from '../../cluster/lab/requirements.ts'
import {describeWhere} from '../describe-where.ts'

/**
 * A `describe` for tests on a control plane of our own (test/cluster/lab/control-plane.ts). The first one on a machine builds the programs before its tests start.
 */
export function describeControlPlane(name: string, body: () => void): void {
  describeWith(missingForControlPlane(), controlPlaneBinaries, name, body)
}

/** The same for tests with simulated nodes (test/cluster/lab/kwok.ts). */
export function describeKwok(name: string, body: () => void): void {
  describeWith(missingForKwok(), kwokBinaries, name, body)
}

/** The same for tests on a real cluster (test/cluster/lab/real-cluster.ts), which needs root. */
export function describeCluster(name: string, body: () => void): void {
  describeWith(missingForCluster(), clusterBinaries, name, body)
}

/** The first build takes ten minutes of two cores, more on a busy machine. */
const BUILD_MS = 1_800_000

function describeWith(missing: string | undefined, binaries: readonly Binary[], name: string, body: () => void): void {
  describeWhere(missing, name, () => {
    beforeAll(async () => {
      await binaryFolder(binaries)
    }, BUILD_MS)
    body()
  })
}
