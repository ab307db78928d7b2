import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {audienceOf, CONTRACT} from '../../core/contract/agent.ts'
import {Client} from '../support/agent/client.ts'
import {type Stored} from '../support/agent/fake-api-server.ts'
import {builtFolder} from '../support/built-programs.ts'
import {describeWhere} from '../support/describe-where.ts'
import {kubeconfigFor} from '../support/plugin/fake-api-server.ts'
import {fixture, runCli} from '../support/plugin/run-cli.ts'
import {WINDOWS_NODE} from '../support/windows/hns-cluster.ts'
import {hnsFixture} from '../support/windows/hns-fixture.ts'
import {type ClusterApi, serveCluster} from './lab/cluster-api.ts'
import {fixtureState} from './lab/fixture-state.ts'
import {windowsTools} from './lab/requirements.ts'
import {type StandInState, StandIns} from './lab/stand-in-state.ts'
import {FIRST_START_MS, openWindows, type Windows, windowsPath} from './lab/windows.ts'

const {tools, missing} = await windowsTools()
const ROOT = join(import.meta.dirname, '../..')

/** The node of the fixtures, from which somebody has taken the rules of a policy. */
function brokenState(): StandInState {
  const state = fixtureState()
  for (const endpoint of state.endpoints)
    endpoint.Policies = endpoint.Policies.filter(({Settings}) => Settings?.['Id'] !== 'azure-acl-shop-api-to-db')
  return state
}

type Items = {items: (Stored & {kind: string})[]}
const objects = [...(hnsFixture('cluster.json') as Items).items, ...(hnsFixture('policies.json') as Items).items]

describeWhere(missing, 'the agent as a Windows program', () => {
  let windows: Windows
  let program: string
  let folders = 0
  const openHns = async (state = fixtureState()) => StandIns.in(join(windows.folder, `hns-${folders++}`), state)
  const run = (name: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
    windows.node([...windows.newerNode, windowsPath(join(program, name)), ...args], env)

  beforeAll(async () => {
    windows = await openWindows(tools as NonNullable<typeof tools>)
    await windows.install('computenetwork.c', 'computenetwork.dll')
    await windows.install('vmcompute.def', 'vmcompute.dll')
    // From the folder of the image, with the Node that Wine runs in place of its own.
    const image = join(windows.folder, 'image')
    await execa(process.execPath, [
      join(ROOT, 'scripts/image/build.ts'),
      '--os',
      'windows',
      '--dist',
      builtFolder,
      '--output',
      image,
    ])
    program = join(image, 'kubectl-npm')
  }, FIRST_START_MS)
  afterAll(() => windows?.[Symbol.asyncDispose]())

  /** @returns its path, as Windows has it */
  async function writeKubeconfig(hns: StandIns, api: ClusterApi): Promise<string> {
    const kubeconfig = join(hns.folder, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigFor(api.url))
    return windowsPath(kubeconfig)
  }

  /** @returns once it listens */
  async function serve(hns: StandIns, api: ClusterApi) {
    const flags = ['--node', WINDOWS_NODE, '--socket', '127.0.0.1:0', '--kubeconfig', await writeKubeconfig(hns, api)]
    const args = [windowsPath(join(program, 'npm-agent')), 'serve', ...flags, '--state-dir', 'C:\\ProgramData\\npm agent']
    const agent = await windows.startNode([...windows.newerNode, ...args], hns.env)
    const listening = await vi.waitUntil(
      async () => {
        if (agent.process.exitCode !== null)
          throw new Error(`the agent ended with ${agent.process.exitCode}: ${await agent.stdout()}${await agent.stderr()}`)
        const lines = (await agent.stdout()).split('\n').filter(line => line.endsWith('}'))
        return lines.map(line => JSON.parse(line)).find(({msg}) => msg === 'The agent listens')
      },
      {timeout: 100_000, interval: 100},
    )
    const {socket, key} = listening as {socket: string; key: string}
    return {
      agent,
      connect: () => Client.open(socket, api.reviews.give({audience: audienceOf(key)})),
      [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
    }
  }

  test('serves clients what HNS has, and compares it with the objects of the cluster', async () => {
    const state = brokenState()
    const hns = await openHns(state)
    await using api = await serveCluster(objects)
    await using served = await serve(hns, api)
    await using client = await served.connect()
    expect(await client.ask('hello', {contract: CONTRACT, version: '1.0.0'})).toMatchObject({node: WINDOWS_NODE})
    const files = ['hns-networks.json', 'hns-endpoints.json', 'cluster.json'] as const
    const read = await client.read(...files)
    expect(files.map(name => read[name]?.problems)).toEqual([[], [], []])
    const folder = join(windows.folder, 'read by agent')
    await mkdir(folder)
    for (const name of files) await writeFile(join(folder, name), read[name]?.text ?? '')
    const {items} = await client.ask<{items: object[]}>('diff')
    expect(items.length).toBeGreaterThan(0)
    const onLinux = await runCli(['diff', '-o', 'json', '--from', folder])
    expect(items).toEqual((JSON.parse(onLinux.stdout) as {items: object[]}).items)
    const {given, freed, opened, closed} = await hns.log()
    expect([freed, closed]).toEqual([given, opened])
    expect(opened).toBeGreaterThan(0)
  })

  test('ends by itself, in order, when nobody uses it', async () => {
    const hns = await openHns()
    await using api = await serveCluster(objects)
    const flags = [
      '--socket',
      '127.0.0.1:0',
      '--kubeconfig',
      await writeKubeconfig(hns, api),
      '--state-dir',
      'C:\\npm',
      '--exit-after-idle',
      '1',
    ]
    const {stdout, stderr, exitCode} = await run('npm-agent', ['serve', ...flags], hns.env)
    expect([stderr, exitCode]).toEqual(['', 0])
    expect(stdout).toContain('"msg":"The agent ends"')
  })

  test('is asked through its pipe by who works on the node itself', async () => {
    const hns = await openHns(brokenState())
    await using api = await serveCluster(objects)
    await using _ = await serve(hns, api)
    const status = await run('npm-agent', ['status'], hns.env)
    expect([status.stderr, status.exitCode]).toEqual(['', 0])
    expect(status.stdout).toMatch(new RegExp(`^npm-agent \\S+ on node ${WINDOWS_NODE}, since `))
    // Nobody else has the objects of the cluster.
    const diff = await run('kubectl-npm', ['diff', '--local'], {...hns.env, NODE_NAME: WINDOWS_NODE})
    expect(diff.stdout).toContain('shop/api-to-db')
    expect(diff.exitCode).toBe(1)
  })

  test('dump of this machine is an archive that tells as much on any system', async () => {
    const hns = await openHns()
    const dump = await run('kubectl-npm', ['dump', '--local', '-o', 'C:\\dump.tgz'], hns.env)
    expect(dump.exitCode, dump.stderr).toBe(0)
    const read = await runCli(['translate', '--from', join(windows.drive, 'dump.tgz')])
    const kept = await runCli(['translate', '--from', fixture('hns/networks.json'), '--from', fixture('hns/endpoints.json')])
    expect(read.stdout.split('\n').slice(1)).toEqual(kept.stdout.split('\n').slice(1))
  })

  test.each(['translate', 'sets'])('%s of this machine says what a dump of the same node says', async verb => {
    const hns = await openHns()
    const local = await run('kubectl-npm', [verb, '--local'], hns.env)
    const kept = await runCli([verb, '--from', fixture('hns/networks.json'), '--from', fixture('hns/endpoints.json')])
    expect(local.stderr).toBe(kept.stderr)
    expect(local.stdout.split('\n').slice(1)).toEqual(kept.stdout.split('\n').slice(1))
    expect(local.exitCode).toBe(0)
  })

  test('read writes files that the plugin reads on any system', async () => {
    const hns = await openHns()
    const {stderr, exitCode} = await run('npm-agent', ['read', 'C:\\out\\of node'], hns.env)
    expect([stderr, exitCode]).toEqual(['', 0])
    const kept = await runCli(['translate', '--from', join(windows.drive, 'out', 'of node')])
    expect(kept.stdout).toContain('shop/')
  })
})
