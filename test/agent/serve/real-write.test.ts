import {once} from 'node:events'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {expect} from 'vitest'
import {STAGED_PIECE_BYTES} from '../../../core/contract/agent.ts'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {Client} from '../../support/agent/client.ts'
import {NODE} from '../../support/agent/fake-reviews.ts'
import {startServe} from '../../support/agent/serve-process.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import {loadRules, loadSets} from '../../support/kernel/load.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/** An agent as a process, which writes to a real kernel. */

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
    [`NODE_NAME=${NODE}`, process.execPath, kubectlNpm, 'apply', '--local', '-f', CLUSTER, '--dry-run', '-o', 'json'],
    {allowFailure: true},
  )
  const within = ['ip', 'netns', 'exec', namespace.name]
  return {
    plan,
    /** @param before what ipset does before it changes anything, in place of nothing */
    async serve(before?: string) {
      if (before === undefined) return startServe({folder: folder.path, within})
      const tools = join(folder.path, 'tools')
      await mkdir(tools, {recursive: true})
      const script = `#!/bin/sh\ncase "$1" in restore) echo $$ >${folder.path}/tool; ${before};; esac\nexec /usr/sbin/ipset "$@"\n`
      await writeFile(join(tools, 'ipset'), script, {mode: 0o755})
      return startServe({folder: folder.path, within, env: {PATH: `${tools}:${process.env['PATH']}`}})
    },
    /** The process id of the tool that a write runs, as soon as it does. */
    async tool() {
      const read = () => readFile(join(folder.path, 'tool'), 'utf8').catch(() => '')
      await expect.poll(read).toMatch(/^\d+\n$/)
      return Number(await read())
    },
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
      await expect.poll(() => node.hasMember(), {interval: 200}).toBe(false)
      await using client = await Client.openAsRoot(next.rootSocket)
      const {pending, restorePoints} = await client.ask<WriteStatus>('writes')
      expect(pending).toBeUndefined()
      expect(restorePoints).toMatchObject([{outcome: 'rolledBack'}])
    },
  )

  kernelTest('that is evicted in the middle of a write ends it first', async namespace => {
    await using node = await openBroken(namespace)
    {
      await using agent = await node.serve('sleep 2')
      await using client = await Client.openAsRoot(agent.rootSocket)
      // Whether the client is told depends on how long it takes; the next agent tells it in any case.
      const applying = apply(client, node.plan).catch(() => undefined)
      await node.tool()
      const exited = once(agent.process, 'exit')
      agent.process.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
      await applying
    }
    expect(await node.hasMember()).toBe(true)
    await using next = await node.serve()
    await using client = await Client.openAsRoot(next.rootSocket)
    expect(await client.ask<WriteStatus>('writes')).toMatchObject({restorePoints: [{outcome: 'applied'}]})
  })

  kernelTest('that is evicted, and killed because its write does not end, leaves it to the next one', async namespace => {
    await using node = await openBroken(namespace)
    {
      await using agent = await node.serve('exec sleep 60')
      await using client = await Client.openAsRoot(agent.rootSocket)
      const applying = apply(client, node.plan).catch(() => 'cut off')
      const tool = await node.tool()
      const exited = once(agent.process, 'exit')
      agent.process.kill('SIGTERM')
      await new Promise(resolve => setTimeout(resolve, 500))
      expect([agent.process.exitCode, agent.process.signalCode]).toEqual([null, null])
      // As the kernel does for a pod: all its processes.
      for (const end of [() => agent.process.kill('SIGKILL'), () => process.kill(tool, 'SIGKILL')]) end()
      await exited
      expect(await applying).toBe('cut off')
    }
    await using next = await node.serve()
    await using client = await Client.openAsRoot(next.rootSocket)
    expect(await client.ask<WriteStatus>('writes')).toMatchObject({restorePoints: [{outcome: 'rolledBack'}]})
    expect(await node.hasMember()).toBe(false)
    expect(await apply(client, node.plan)).toMatchObject({outcome: 'applied', state: 'after'})
  })
})
