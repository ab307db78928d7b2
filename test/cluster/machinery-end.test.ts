import {isDeepStrictEqual} from 'node:util'
import {beforeAll, expect, test} from 'vitest'
import {describeCluster} from '../support/cluster/describe.ts'
import {startOwner} from '../support/cluster/owner.ts'
import {machineSettings, noTraces, type Traces, traceFinder} from '../support/cluster/traces.ts'
import {applyDemo} from './lab/demo.ts'
import {startCluster} from './lab/real-cluster.ts'
import {until} from './lab/wait.ts'

describeCluster('the end of a real cluster', () => {
  let settings: string[]
  beforeAll(async () => {
    settings = await machineSettings()
  })

  const expectAll = (traces: Traces): void => {
    const {mounts, ...others} = traces
    // They are in namespaces of the cluster, not here.
    expect(mounts).toEqual([])
    for (const [kind, found] of Object.entries(others)) expect(found, kind).not.toEqual([])
  }

  test('leaves nothing behind, with pods running', async () => {
    const cluster = await startCluster()
    await applyDemo(cluster)
    const find = await traceFinder(cluster.folder)
    expectAll(await find())
    await cluster[Symbol.asyncDispose]()
    expect(await find()).toEqual(noTraces)
    expect(await machineSettings()).toEqual(settings)
  })

  test('comes at once when a node or a program of it does not start, and says why', async () => {
    await expect(startCluster({images: ['/no/such/image.tar']})).rejects.toThrow(/has ended.*no such file/s)
    await expect(startCluster({apiServerFlags: ['--no-such-flag']})).rejects.toThrow(
      /kube-apiserver does not run.*unknown flag: --no-such-flag/s,
    )
  })

  test('leaves nothing behind when its owner is killed, with pods running', async () => {
    const owner = await startOwner(`
      const {startCluster} = await import('./test/cluster/lab/real-cluster.ts')
      const {applyDemo} = await import('./test/cluster/lab/demo.ts')
      const cluster = await startCluster()
      await applyDemo(cluster)`)
    const find = await traceFinder(owner.folder)
    expectAll(await find())
    await owner.kill()
    await until('all is gone', async () => isDeepStrictEqual(await find(), noTraces), {timeoutMs: 30_000})
    expect(await machineSettings()).toEqual(settings)
  })
})
