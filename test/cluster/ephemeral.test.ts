import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {KubernetesObject} from '../../plugin/install/objects.ts'
import {kubectlNpm} from '../support/built-programs.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {everything, find} from '../support/cluster/inventory.ts'
import {type ControlPlane, startControlPlane, workloadControllers} from './lab/control-plane.ts'
import {until} from './lab/wait.ts'

const AGENTS = ['pods', '-n', 'kubectl-npm-node']
const RELAYS = ['pods', '-n', 'kubectl-npm']

// That such a pod runs, is used and ends by itself is seen in live.test.ts. Here the test is the kubelet, of a node that is not there.
describeControlPlane('an agent for one node, at a real API server', () => {
  let cluster: ControlPlane

  beforeAll(async () => {
    cluster = await startControlPlane({controllers: workloadControllers})
    const node = {apiVersion: 'v1', kind: 'Node', metadata: {name: 'node1'}}
    await cluster.kubectl(['create', '-f', '-'], {input: JSON.stringify(node)})
  })
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]()
  })

  const start = (...args: string[]) =>
    execa(process.execPath, [kubectlNpm, 'install', '--ephemeral', '--node', 'node1', ...args], {env: cluster.env, reject: false})

  const names = async (pods = AGENTS) => (await find(cluster, pods)).map(({metadata: {name}}) => name)

  async function setStatus(name: string, status: object, pods = AGENTS): Promise<void> {
    await cluster.kubectl(['patch', ...pods, name, '--subresource=status', '--type=merge', '-p', JSON.stringify({status})])
  }

  const READY = {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]}

  /** Starts one, and has its kubelet say that agent and relay are ready. */
  async function startReady(): Promise<{name: string; relay: string; stderr: string; exitCode: number | undefined}> {
    const before = new Set([...(await names()), ...(await names(RELAYS))])
    const starting = start()
    const made = async (pods: string[]) => {
      const name = await until('there is a new pod', async () => (await names(pods)).find(each => !before.has(each)) ?? false)
      await setStatus(name, READY, pods)
      return name
    }
    const [name, relay] = [await made(AGENTS), await made(RELAYS)]
    const {stderr, exitCode} = await starting
    return {name, relay, stderr, exitCode}
  }

  /** Relays that are not being removed. */
  async function remaining(): Promise<string[]> {
    const template = '{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}'
    return (await cluster.kubectl(['get', ...RELAYS, '-o', `go-template=${template}`])).stdout
      .split(' ')
      .filter(name => name !== '')
  }

  test('a dry run shows both pods, bound to their node and to their time, and stores nothing', async () => {
    const before = await everything(cluster)
    const said = await start('--for', '5m', '--dry-run', '-o', 'json')
    expect(said.exitCode).toBe(0)
    const {items} = JSON.parse(said.stdout) as {items: KubernetesObject[]}
    expect(items.map(({kind}) => kind)).not.toContain('DaemonSet')
    const bound = {nodeName: 'node1', restartPolicy: 'Never', activeDeadlineSeconds: 300}
    const labels = {'app.kubernetes.io/component': 'ephemeral'}
    expect(items.slice(-2)).toMatchObject([
      {
        kind: 'Pod',
        metadata: {generateName: 'npm-agent-ephemeral-', namespace: 'kubectl-npm-node', labels},
        spec: {...bound, containers: [{args: ['serve', '--exit-after-idle', '60', '--deadline', '300']}]},
      },
      {
        kind: 'Pod',
        metadata: {generateName: 'npm-relay-ephemeral-', namespace: 'kubectl-npm', labels},
        spec: {...bound, containers: [{livenessProbe: {exec: {command: expect.arrayContaining(['socat'])}}}]},
      },
    ])
    expect(await everything(cluster)).toEqual(before)
  })

  /** What no kubelet will do. */
  async function stopForGood(): Promise<void> {
    for (const pods of [AGENTS, RELAYS]) await cluster.kubectl(['delete', ...pods, '--all', '--force', '--grace-period=0'])
  }

  test('one that no kubelet starts is taken away again; until it is gone there is no room for another', async () => {
    const said = await start('--timeout', '1s')
    expect(said.exitCode).toBe(2)
    expect(said.stderr).toMatch(/not ready: node node1: its kubelet has not started it yet.*kubectl describe node/s)
    const [name] = await names()
    const again = await start()
    expect(again.exitCode).toBe(2)
    expect(again.stderr).toContain(`still being removed: pod ${name}`)
    expect(again.stderr).toContain(`kubectl wait -n kubectl-npm-node --for=delete pod/${name}`)
    await stopForGood()
  })

  test('one that ends before it was ready is taken away, with the reason', async () => {
    const starting = start()
    const [name = ''] = await until('there is a pod', async () => (await names()).length > 0 && names())
    await setStatus(name, {phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long'})
    const {exitCode, stderr} = await starting
    expect(exitCode).toBe(2)
    expect(stderr).toContain('the agent is not ready: node node1: has ended (DeadlineExceeded: too long)')
    expect([await names(), await remaining()]).toEqual([[], []])
  })

  test.each(['kubectl', 'library'])(
    'one that nobody waits for any more is taken away behind the person who pressed Ctrl-C: %s',
    async via => {
      const starting = start('--via', via)
      await until('both pods are there', async () => (await names()).length > 0 && (await names(RELAYS)).length > 0)
      starting.kill('SIGINT')
      expect(await starting).toMatchObject({exitCode: 130, stderr: expect.stringContaining('interrupted')})
      for (const pods of [AGENTS, RELAYS])
        await until('they are being removed', async () => {
          const {stdout} = await cluster.kubectl(['get', ...pods, '-o', 'jsonpath={.items[*].metadata.deletionTimestamp}'])
          return stdout !== '' || (await names(pods)).length === 0
        })
      await stopForGood()
    },
  )

  test('a node gets one agent only; one that has ended makes room for the next', async () => {
    const first = await startReady()
    expect(first).toMatchObject({exitCode: 0, stderr: expect.stringContaining(`pod ${first.name} is ready`)})
    expect(await start()).toMatchObject({exitCode: 0, stderr: `node node1 has an agent already: pod ${first.name}`})
    await setStatus(first.name, {conditions: [{type: 'Ready', status: 'False'}]})
    expect((await start()).stderr).toContain(`pod ${first.name}, which is not ready: node node1: `)
    await setStatus(first.name, {phase: 'Succeeded'})
    const second = await startReady()
    expect(second.name).not.toBe(first.name)
    // The first relay was still there: it does not go on with the second agent, for its own time.
    expect([await names(), await remaining()]).toEqual([[second.name], [second.relay]])
  })
})
