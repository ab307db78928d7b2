import {spawn} from 'node:child_process'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {writeArchive} from '../../scripts/image/archive.ts'
import {describeCluster} from '../support/cluster/describe.ts'
import {commandLinesWith} from '../support/cluster/traces.ts'
import {boxConfig, busyboxRoot} from './lab/box.ts'
import type {ClusterNode} from './lab/cluster-node.ts'
import {applyDemo, DEMO_PORT} from './lab/demo.ts'
import type {Backend} from './lab/node-files.ts'
import {clearNode, programNodes} from './lab/program-nodes.ts'
import {type Cluster, startCluster} from './lab/real-cluster.ts'
import type {RunningPod} from './lab/running-pod.ts'
import {openStateFolder} from './lab/state-folder.ts'
import {until} from './lab/wait.ts'

describeCluster('a real cluster', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
    await applyDemo(cluster)
  })
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]()
  })

  const demoPods = () =>
    Promise.all([
      cluster.pod('storefront', 'till'),
      cluster.pod('bakery', 'oven-1'),
      cluster.pod('bakery', 'oven-2'),
      cluster.pod('street', 'guest'),
    ])
  const ask = async (from: RunningPod, to: RunningPod): Promise<string> => {
    const answer = await from.run('busybox', ['nc', '-w', '2', to.ip, String(DEMO_PORT)], {allowFailure: true})
    return answer.exitCode === 0 ? answer.stdout.trim() : 'nothing'
  }

  test('has two nodes, each with its own back end and nothing in the other one', async () => {
    const kubeRules = async (node: ClusterNode, backend: Backend) =>
      /KUBE-SERVICES/.test((await node.run(`iptables-${backend}-save`, [])).stdout)
    const found = await Promise.all(
      cluster.nodes.map(async node => ({
        name: node.name,
        version: /\((.*)\)/.exec((await node.run('iptables', ['--version'])).stdout)?.[1],
        nft: await kubeRules(node, 'nft'),
        legacy: await kubeRules(node, 'legacy'),
        hostname: (await node.run('hostname', [])).stdout.trim(),
      })),
    )
    expect(found).toEqual([
      {name: 'node1', version: 'nf_tables', nft: true, legacy: false, hostname: 'node1'},
      {name: 'node2', version: 'legacy', nft: false, legacy: true, hostname: 'node2'},
    ])
  })

  test('carries packets between pods through FORWARD of both nodes, with their own addresses', async () => {
    const [till, , oven] = await demoPods()
    expect([till.node.name, oven.node.name]).toEqual(['node1', 'node2'])
    expect(await ask(till, oven)).toBe('oven-2')
    const drop = ['FORWARD', '-s', till.ip, '-d', oven.ip, '-j', 'DROP']
    for (const node of cluster.nodes) {
      await node.run('iptables', ['-w', '-I', ...drop])
      expect(await ask(till, oven), `with a DROP on ${node.name}`).toBe('nothing')
      await node.run('iptables', ['-w', '-D', ...drop])
    }
    expect(await ask(till, oven)).toBe('oven-2')
  })

  test('does what policies ask for once its nodes are programmed, again and again, until they are cleared', async () => {
    const [till, oven1, oven2, guest] = await demoPods()
    const table = async () =>
      Object.fromEntries(
        await Promise.all(
          [till, guest].flatMap(from =>
            [oven1, oven2].map(async to => [`${from.name} ${to.name}`, await ask(from, to)] as const),
          ),
        ),
      )
    const open = {'till oven-1': 'oven-1', 'till oven-2': 'oven-2', 'guest oven-1': 'oven-1', 'guest oven-2': 'oven-2'}
    const closed = {...open, 'guest oven-1': 'nothing', 'guest oven-2': 'nothing'}
    expect(await table()).toEqual(open)
    await programNodes(cluster)
    await programNodes(cluster)
    expect(await table()).toEqual(closed)
    for (const node of cluster.nodes) {
      const {stdout} = await node.run('iptables-save', [])
      expect(stdout.match(/-A FORWARD .* -j AZURE-NPM$/gm), `jumps on ${node.name}`).toHaveLength(1)
      await clearNode(node)
      const left = [await node.run('iptables-save', []), await node.run('ipset', ['list', '-name'])]
        .map(({stdout}) => stdout)
        .join('')
      expect(left).not.toMatch(/azure-npm/i)
    }
    expect(await table()).toEqual(open)
  })

  test('takes an image by hand on all nodes, and runs it', async () => {
    await using folder = await openStateFolder()
    const image = 'docker.io/local/imported:1'
    await writeArchive(await busyboxRoot(folder.path), boxConfig(['/bin/sleep', '1000']), image, join(folder.path, 'image.tar'))
    await cluster.importImage(join(folder.path, 'image.tar'))
    for (const {name} of cluster.nodes) {
      const overrides = JSON.stringify({spec: {nodeName: name, terminationGracePeriodSeconds: 0}})
      const run = ['run', `imported-${name}`, '--image', image, '--image-pull-policy', 'Never', '--overrides', overrides]
      await cluster.kubectl(run)
      await cluster.kubectl(['wait', 'pod', `imported-${name}`, '--for', 'condition=Ready', '--timeout', '60s'])
      const said = await cluster.kubectl(['exec', `imported-${name}`, '--', 'hostname'])
      expect(said.stdout).toBe(`imported-${name}\n`)
    }
  })

  test('goes on while its API server, a kubelet or containerd is away, and has them back', async () => {
    const [till, , oven] = await demoPods()
    await cluster.stopApiServer()
    expect((await cluster.kubectl(['get', 'nodes'], {allowFailure: true})).exitCode).toBe(1)
    expect(await ask(till, oven)).toBe('oven-2')
    await cluster.startApiServer()
    await cluster.restartApiServer()

    await till.node.stop('kubelet')
    await cluster.kubectl(['wait', 'node', till.node.name, '--for', 'condition=Ready=Unknown', '--timeout', '60s'])
    expect(await ask(till, oven)).toBe('oven-2')
    await till.node.start('kubelet')
    await cluster.nodesReady()
    await oven.node.stop('containerd')
    await oven.node.start('containerd')
    const exec = ['exec', '--namespace', 'bakery', 'oven-2', '--', 'hostname']
    const said = await until('exec works again', async () => (await cluster.kubectl(exec)).stdout)
    expect(said).toBe('oven-2\n')
    expect(await ask(till, oven)).toBe('oven-2')
  })

  test('kills what was run on a node with the one who runs it', async () => {
    const {enter} = cluster.node('node1')
    const [command, ...args] = [...enter, 'sleep', '31415']
    const child = spawn(command, args)
    const isThere = async () => (await commandLinesWith('31415')).some(line => line.startsWith('sleep'))
    await until('it runs', isThere)
    child.kill('SIGKILL')
    await until('it is gone', async () => !(await isThere()), {timeoutMs: 20_000})
  })
})
