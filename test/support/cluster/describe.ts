import {beforeAll, describe} from 'vitest'
import {type Binary, binaryFolder} from '../../cluster/lab/binaries.ts'
import {
  clusterBinaries,
  controlPlaneBinaries,
  kwokBinaries,
  missingForCluster,
  missingForControlPlane,
  missingForKwok,
} from '../../cluster/lab/requirements.ts'

/**
 * A `describe` for tests on a control plane of our own (test/cluster/lab/control-plane.ts). Where it cannot run they are
 * skipped, and the reason is printed. `KERNEL_TESTS=required` makes that a failure, for machines that must not skip them unseen.
 * The first one on a machine builds the programs before its tests start.
 */
export function describeControlPlane(name: string, body: () => void): void {
  describeWhere(missingForControlPlane(), controlPlaneBinaries, name, body)
}

/** The same for tests with simulated nodes (test/cluster/lab/kwok.ts). */
export function describeKwok(name: string, body: () => void): void {
  describeWhere(missingForKwok(), kwokBinaries, name, body)
}

/** The same for tests on a real cluster (test/cluster/lab/real-cluster.ts), which needs root. */
export function describeCluster(name: string, body: () => void): void {
  describeWhere(missingForCluster(), clusterBinaries, name, body)
}

/** The first build takes ten minutes of two cores, more on a busy machine. */
const BUILD_MS = 1_800_000

function describeWhere(missing: string | undefined, binaries: readonly Binary[], name: string, body: () => void): void {
  if (missing === undefined) {
    describe(name, () => {
      beforeAll(async () => {
        await binaryFolder(binaries)
      }, BUILD_MS)
      body()
    })
    return
  }
  if (process.env.KERNEL_TESTS === 'required') throw new Error(`tests on a cluster are required, but ${missing}`)
  process.stderr.write(`skipped: ${missing}: ${name}\n`)
  describe.skip(`${name} (skipped: ${missing})`, body)
}
