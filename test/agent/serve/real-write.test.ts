import {once} from 'node:events'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {gzipSync} from 'node:zlib'
import {expect} from 'vitest'
import {STAGED_PIECE_BYTES} from '../../../core/contract/agent.ts'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {Client} from '../../support/agent/client.ts'
import {NODE} from '../../support/agent/fake-reviews.ts'
import {startServe} from '../../support/agent/serve-process.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/** An agent as a process, which writes to a real kernel. */

const executable = fileURLToPath(new URL('../../../bin/kubectl-npm.ts', import.meta.url))
const CLUSTER = fixture('real-npm/shop-sha256/cluster.json')
const SET = 'azure-npm-5nce4npa15dx8xir01g3'
const LOST = '10.50.1.11'

async function openBroken(namespace: Namespace) {
  const folder = await temporaryFolder()
  const compile = async (format: string) => (await runCli(['compile', '-f', CLUSTER, '-o', format])).stdout
  await loadSets(namespace, await compile('ipset'))
  await loadRules(namespace, 'nft', await compile('iptables'))
  await namespace.run('ipset', ['del', SET, LOST])
  const {stdout: plan} = await namespace.run(
    'env',
    [`NODE_NAME=${NODE}`, process.execPath, executable, 'apply', '--local', '-f', CLUSTER, '--dry-run', '-o', 'json'],
    {allowFailure: true},
  )
  const within = ['ip', 'netns', 'exec', namespace.name]
  return {
    plan,
    serve: () => startServe({folder: folder.path, within}),
    rootSocket: join(folder.path, 'state', 'agent.sock'),
    hasMember: async () => (await namespace.run('ipset', ['save', SET])).stdout.includes(LOST),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

async function apply(client: Client, plan: string, options: object = {}): Promise<WriteResult> {
  const bytes = gzipSync(plan)
  let stagedId: string | undefined
  for (let offset = 0; offset < bytes.length; offset += STAGED_PIECE_BYTES) {
    const base64 = bytes.subarray(offset, offset + STAGED_PIECE_BYTES).toString('base64')
    const staged = await client.ask<{stagedId: string}>('stagePlan', {...(stagedId !== undefined && {stagedId}), offset, base64})
    stagedId = staged.stagedId
  }
  return client.ask<WriteResult>('applyPlan', {stagedId, ...options})
}

describeKernel('an agent', () => {
  kernelTest('applies a plan and takes it back, with one line of the record for each', async namespace => {
    await using node = await openBroken(namespace)
    await using agent = await node.serve()
    await using client = await Client.openAsRoot(agent.rootSocket)
    const applied = await apply(client, node.plan)
    expect(applied).toMatchObject({node: NODE, outcome: 'applied', state: 'after', operations: 1})
    expect(await node.hasMember()).toBe(true)
    expect(await apply(client, node.plan)).toMatchObject({outcome: 'failed', state: 'before'})
    expect(await client.ask<WriteStatus>('writes')).toMatchObject({
      restorePoints: [{id: applied.id, by: 'root', outcome: 'applied'}],
    })
    expect(await client.ask<WriteResult>('rollback', {})).toMatchObject({outcome: 'rolledBack'})
    expect(await node.hasMember()).toBe(false)
    const written = agent.log.filter(line => line.includes(applied.planDigest ?? '-'))
    expect(written.length).toBeGreaterThanOrEqual(2)
    for (const line of written) expect(line).toContain('"by":"root"')
  })

  kernelTest(
    'that is killed while a write awaits its confirmation leaves it to the next one, which takes it back in time',
    async namespace => {
      await using node = await openBroken(namespace)
      {
        await using agent = await node.serve()
        await using client = await Client.openAsRoot(agent.rootSocket)
        expect(await apply(client, node.plan, {confirmWithinMs: 3000})).toMatchObject({outcome: 'awaitingConfirmation'})
        const exited = once(agent.process, 'exit')
        agent.process.kill('SIGKILL')
        await exited
      }
      expect(await node.hasMember()).toBe(true)
      await using next = await node.serve()
      // Nobody asks it anything.
      await expect.poll(() => node.hasMember(), {timeout: 20_000, interval: 200}).toBe(false)
      await using client = await Client.openAsRoot(next.rootSocket)
      const {pending, restorePoints} = await client.ask<WriteStatus>('writes')
      expect(pending).toBeUndefined()
      expect(restorePoints).toMatchObject([{outcome: 'rolledBack'}])
    },
  )
})
