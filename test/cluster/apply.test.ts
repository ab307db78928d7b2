import {readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {PlanList} from '../../core/contract/plan.ts'
import type {WriteResult, WriteResultList, WriteStatusList} from '../../core/contract/writes.ts'
import {expectShown, type PageRun, runShown} from '../documents/page-output.ts'
import {builtFolder} from '../support/built-programs.ts'
import {agentImage} from '../support/cluster/agent-image.ts'
import {describeCluster} from '../support/cluster/describe.ts'
import {BOX} from './lab/box.ts'
import {applyDemo, DEMO_PORT} from './lab/demo.ts'
import {contentOf, emptyPolicyChains, senderSetWith} from './lab/node-content.ts'
import {programNodes} from './lab/program-nodes.ts'
import {type Cluster, startCluster} from './lab/real-cluster.ts'
import type {RunningPod} from './lab/running-pod.ts'
import {until} from './lab/wait.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FAR = join(ROOT, 'node_modules/.bin')
const STATE = '/var/lib/npm-agent'

/** Who may talk to the ovens, of all that try: each pair crosses at least one node. */
const PAIRS = [
  ['till', 'oven-1', true],
  ['till', 'oven-2', true],
  ['loafer', 'oven-1', false],
  ['guest', 'oven-2', false],
] as const

interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode?: number | undefined
}

describeCluster('writing to a real cluster through kubectl, the installed agents and their rights', () => {
  let cluster: Cluster
  let work: string
  let pods: Map<string, RunningPod>
  let installed: PageRun
  /** A set without which the till may not go into the bakery. */
  let tillSet: string

  beforeAll(async () => {
    work = (await execa('mktemp', ['-d'])).stdout
    cluster = await startCluster({images: [await agentImage()]})
    await applyDemo(cluster)
    // Beside an oven, so that packets between the two cross one node only.
    const command = ['nc', '-ll', '-p', String(DEMO_PORT), '-e', 'hostname']
    const spec = {nodeName: 'node1', containers: [{name: 'loafer', image: BOX, imagePullPolicy: 'Never', command}]}
    const overrides = `--overrides=${JSON.stringify({spec})}`
    await cluster.kubectl(['run', 'loafer', '-n', 'street', `--image=${BOX}`, overrides])
    await cluster.kubectl(['wait', 'pod', '-n', 'street', 'loafer', '--for', 'condition=Ready', '--timeout', '120s'])
    installed = await runShown('docs/install.md', 'kubectl npm install', asAdmin())
    await programNodes(cluster)
    pods = new Map()
    for (const [namespace, name] of [
      ['storefront', 'till'],
      ['bakery', 'oven-1'],
      ['bakery', 'oven-2'],
      ['street', 'guest'],
      ['street', 'loafer'],
    ] as const)
      pods.set(name, await cluster.pod(namespace, name))
    tillSet = await senderSetWith(cluster.node('node2'), podOf('till').ip)
  })
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]()
    if (work) await rm(work, {recursive: true, force: true})
  })

  const asAdmin = () => ({env: {...cluster.env, PATH: `${builtFolder}:${FAR}:${process.env['PATH']}`}})
  async function npmAs(kubeconfig: string, ...args: string[]): Promise<Said> {
    const {env} = asAdmin()
    return execa('kubectl', ['npm', ...args], {env: {...env, KUBECONFIG: kubeconfig}, reject: false})
  }
  const npm = (...args: string[]): Promise<Said> => npmAs(cluster.kubeconfig, ...args)
  const npmJson = async <Answer>(...args: string[]): Promise<Answer> => JSON.parse((await npm(...args, '-o', 'json')).stdout)

  const podOf = (name: string): RunningPod => pods.get(name) as RunningPod

  /** A new connection from one pod to another. */
  async function connects(from: string, to: string): Promise<boolean> {
    const args = ['nc', '-w', '1', podOf(to).ip, String(DEMO_PORT)]
    const {stdout} = await podOf(from).run('busybox', args, {allowFailure: true})
    return stdout.trim() === to
  }

  /** Which of the pairs are connected otherwise than the policies say. */
  async function wrongPairs(): Promise<string[]> {
    const wrong: string[] = []
    for (const [from, to, may] of PAIRS) if ((await connects(from, to)) !== may) wrong.push(`${from} ${to}`)
    return wrong
  }

  /** Lines of the agent's log, as it is at present, that tell of writes. */
  async function auditOf(node: string): Promise<Record<string, unknown>[]> {
    const labels = ['-n', 'kubectl-npm-node', '--field-selector', `spec.nodeName=${node}`, '-o', 'name']
    const pod = (await cluster.kubectl(['get', 'pods', ...labels])).stdout.trim()
    const {stdout} = await cluster.kubectl(['logs', '-n', 'kubectl-npm-node', pod])
    const lines = stdout.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
    return lines.filter(({msg}) => /^[Aa] write/.test(String(msg)))
  }

  const breakMember = (node = cluster.node('node2')) => node.run('ipset', ['del', '-exist', tillSet, podOf('till').ip])

  const bind = (name: string, role: string, user: string, namespace = 'kubectl-npm') =>
    cluster.kubectl(['create', 'rolebinding', name, '-n', namespace, '--role', role, '--user', user])

  test('installing says that all agents are ready', () => expectShown(installed))

  test('what install has changed in the cluster is written to both nodes, one after the other', async () => {
    const {items, notDone} = await npmJson<WriteResultList>('apply', '--yes')
    expect(items.map(({node, state}) => [node, state])).toEqual([
      ['node1', 'after'],
      ['node2', 'after'],
    ])
    expect(notDone).toEqual([])
    expect(await npm('diff')).toMatchObject({exitCode: 0})
    expect(await wrongPairs()).toEqual([])
  })

  test('broken nodes are repaired, and broken again by rollback, as connections of real pods show', async () => {
    const [one, two] = [cluster.node('node1'), cluster.node('node2')]
    const whole = [await contentOf(one), await contentOf(two)]
    await emptyPolicyChains(one)
    await breakMember(two)
    const other = (await two.run('ipset', ['save'])).stdout.match(/^create (\S+) hash:net/m)?.[1] as string
    await two.run('ipset', ['add', other, '192.0.2.7'])
    const broken = [await contentOf(one), await contentOf(two)]
    const wrong = await wrongPairs()
    expect(wrong).toEqual(['till oven-2', 'loafer oven-1'])
    const diff = await npm('diff')
    expect(diff).toMatchObject({exitCode: 1, stdout: expect.stringContaining('kubectl npm apply --node node1')})

    const dry = await npmJson<PlanList>('apply', '--dry-run')
    expect(dry.items.map(({node, summary}) => [node, summary.opens, summary.closes])).toMatchObject([
      ['node1', 0, 1],
      ['node2', 1, 0],
    ])
    expect([await contentOf(one), await contentOf(two)]).toEqual(broken)

    const applied = await npm('apply', '--yes')
    expect(applied).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/node node1: .*asked for[^]*node node2: .*asked for/),
    })
    expect([await contentOf(one), await contentOf(two)]).toEqual(whole)
    expect(await npm('diff')).toMatchObject({exitCode: 0})
    expect(await wrongPairs()).toEqual([])

    expect(await npm('rollback', '--yes')).toMatchObject({exitCode: 0})
    expect([await contentOf(one), await contentOf(two)]).toEqual(broken)
    expect(await wrongPairs()).toEqual(wrong)
    expect(await npm('apply', '--yes')).toMatchObject({exitCode: 0})
  })

  test('each write is a line of the log of the agent, with what the audit log of the API server calls its token', async () => {
    const {planDigest, id} = await breakAndApply()
    const [line] = (await auditOf('node2')).filter(each => each['id'] === id)
    expect(line).toMatchObject({
      verb: 'apply',
      plan: planDigest,
      outcome: 'applied',
      state: 'after',
      by: expect.stringMatching(/^JTI=/),
    })
    const asked = (await cluster.auditLines()).filter(
      ({annotations}) => annotations?.['authentication.kubernetes.io/issued-credential-id'] === line?.['by'],
    )
    expect(asked).toMatchObject([{user: {username: 'admin'}, objectRef: {name: 'npm-operator'}}])
  })

  test('rollback says what it has brought back', async () => {
    await breakAndApply()
    expectShown(await runShown('docs/verbs/rollback.md', 'kubectl npm rollback --node node2 --yes', asAdmin()), 'duration')
    expect(await connects('till', 'oven-2')).toBe(false)
  })

  async function breakAndApply(...flags: string[]): Promise<WriteResult> {
    await breakMember()
    return npmJson<WriteResult>('apply', '--node', 'node2', '--yes', ...flags)
  }

  const statusOf = async (): Promise<Said> => npm('status', '--node', 'node2')

  test('without its confirmation a write is taken back, also when whoever asked is gone', async () => {
    expect(await breakAndApply('--confirm-within', '20s')).toMatchObject({outcome: 'awaitingConfirmation', state: 'after'})
    expect(await connects('till', 'oven-2')).toBe(true)
    const pending = await runShown('docs/verbs/status.md', 'kubectl npm status --node node2', asAdmin())
    expectShown(pending, 'time', 'load', 'version', 'id', 'duration')
    await until('the node has gone back', async () => /rolled back/.test((await statusOf()).stdout))
    expect(await connects('till', 'oven-2')).toBe(false)
    expect((await npm('rollback', '--list', '--node', 'node2')).stdout).toContain('rolled back: it was not confirmed in time')
    expect(await npm('confirm', '--node', 'node2')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/was taken back at \S+: it was not confirmed in time/),
    })
  })

  test('with its confirmation it stays', async () => {
    const result = await npmJson<WriteResult>('apply', '--node', 'node2', '--yes', '--confirm-within', '15s')
    expect(result).toMatchObject({outcome: 'awaitingConfirmation'})
    const confirmed = await runShown('docs/verbs/confirm.md', 'kubectl npm confirm --node node2', asAdmin())
    expectShown(confirmed, 'id')
    expect(confirmed.printed).toContain(result.id)
    const uptime = async () => Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0])
    const end = (await uptime()) + 17
    await until('its time is over', async () => (await uptime()) > end)
    expect(await connects('till', 'oven-2')).toBe(true)
    expect((await statusOf()).stdout).toMatch(/confirmed \d{4}-/)
    expect(await npm('confirm', '--node', 'node2')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('confirmed already'),
    })
  })

  test('the first node that fails ends it, and what was not begun is said', async () => {
    for (const node of cluster.nodes) await breakMember(node)
    const one = cluster.node('node1')
    await one.run('mv', [`${STATE}/restore-points`, `${STATE}/away`])
    await one.run('touch', [`${STATE}/restore-points`])
    try {
      const said = await npm('apply', '--yes')
      expect(said).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/error: node node1: .*cannot be written in/)})
      expect(said.stderr).toContain('Not begun: node2.')
      expect(said.stderr).toContain('nothing was changed')
    } finally {
      await one.run('rm', [`${STATE}/restore-points`])
      await one.run('mv', [`${STATE}/away`, `${STATE}/restore-points`])
    }
    expect(await npm('diff')).toMatchObject({exitCode: 1, stdout: expect.stringContaining('0 clean, 2 with differences')})
    expect(await npm('apply', '--yes')).toMatchObject({exitCode: 0})
    expect(await npm('diff')).toMatchObject({exitCode: 0})
  })

  test('a plan that was kept is refused where the node has changed, and done where it has not', async () => {
    await breakMember()
    const file = join(work, 'plan.json')
    await writeFile(file, (await npm('apply', '--node', 'node2', '--dry-run', '-o', 'json')).stdout)
    const two = cluster.node('node2')
    const other = (await two.run('ipset', ['save'])).stdout.match(/^create (\S+) hash:net/m)?.[1] as string
    await two.run('ipset', ['add', other, '192.0.2.7'])
    const refused = await npm('apply', '--plan', file, '--yes')
    expect(refused).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/not any more what it was .*nothing was changed/)})
    await two.run('ipset', ['del', other, '192.0.2.7'])
    expect(await npm('apply', '--plan', file, '--yes')).toMatchObject({exitCode: 0})
    expect(await connects('till', 'oven-2')).toBe(true)
  })

  test('objects of a file are programmed in place of those that the agent knows', async () => {
    const file = join(work, 'cluster.json')
    const {stdout} = await cluster.kubectl(['get', 'pods,namespaces,networkpolicies,nodes', '-A', '-o', 'json'])
    const list = JSON.parse(stdout) as {items: {kind: string}[]}
    await writeFile(file, JSON.stringify({...list, items: list.items.filter(({kind}) => kind !== 'NetworkPolicy')}))
    const half = await npm('apply', '--node', 'node1', '-f', file, '--dry-run')
    expect(half).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/nothing is planned: no NetworkPolicy.*\n.*-f cluster.json/),
    })
    const none = {apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicyList', items: []}
    await writeFile(join(work, 'none.json'), JSON.stringify(none))
    const files = ['-f', file, '-f', join(work, 'none.json')]
    expect(await npm('apply', '--node', 'node1', ...files, '--yes')).toMatchObject({exitCode: 0})
    expect(await connects('loafer', 'oven-1')).toBe(true)
    expect(await npm('apply', '--node', 'node1', '--yes')).toMatchObject({exitCode: 0})
    expect(await connects('loafer', 'oven-1')).toBe(false)
  })

  /** Starts one of this machine's programs in the network of a pod. */
  function start(pod: string, ...words: string[]) {
    const {node, pid} = podOf(pod)
    const [command = '', ...args] = [...node.enter, 'nsenter', '--target', String(pid), '--net', '--', ...words]
    return execa(command, args, {reject: false, stdout: 'ignore', stderr: 'ignore'})
  }

  test('a connection that was opened while the node let it through is named after the repair, and ended when asked for', async () => {
    const one = cluster.node('node1')
    await emptyPolicyChains(one)
    const listener = start('oven-1', 'busybox', 'nc', '-ll', '-p', '9000', '-e', 'cat')
    const started = [listener]
    const tracked = async () =>
      (await one.run('conntrack', ['-L', '-p', 'tcp', '--dport', '9000'])).stdout.includes('ESTABLISHED')
    try {
      const listening = () => podOf('oven-1').run('ss', ['-Hltn', 'sport = :9000'])
      await until('it listens', async () => (await listening()).stdout !== '')
      started.push(start('loafer', 'busybox', 'nc', podOf('oven-1').ip, '9000'))
      await until('they are connected', tracked)
      const named = {source: podOf('loafer').ip, destination: podOf('oven-1').ip, destinationPort: 9000}
      const repaired = await npmJson<WriteResult>('apply', '--node', 'node1', '--yes')
      expect(repaired.deniedFlows).toMatchObject([named])
      const flows = await npm('flows', 'denied', '--node', 'node1')
      expect(flows).toMatchObject({exitCode: 1, stdout: expect.stringMatching(/street\/loafer .*bakery\/oven-1 .*:9000/)})
      await emptyPolicyChains(one)
      const ended = await npmJson<WriteResult>('apply', '--node', 'node1', '--yes', '--end-denied-flows')
      expect(ended.deniedFlows).toMatchObject([{...named, ended: true}])
      expect(await npm('flows', 'denied', '--node', 'node1')).toMatchObject({exitCode: 0})
      expect(await tracked()).toBe(false)
    } finally {
      for (const each of started) each.kill('SIGKILL')
    }
  })

  test('all of Azure NPM goes with --remove, nothing else does, and rollback brings it back', async () => {
    for (const node of cluster.nodes) {
      const before = await contentOf(node)
      expect(await npm('apply', '--node', node.name, '--remove', '--yes')).toMatchObject({exitCode: 0})
      expect(await contentOf(node)).toEqual({npm: [], others: before.others})
      expect(await npm('rollback', '--node', node.name, '--yes')).toMatchObject({exitCode: 0})
      expect(await contentOf(node)).toEqual(before)
    }
    expect(await wrongPairs()).toEqual([])
  })

  test('an agent killed in the middle of a write: the next one takes back what it finds, and says so', async () => {
    const two = cluster.node('node2')
    await breakMember()
    await emptyPolicyChains(two)
    const broken = await contentOf(two)
    // Whoever holds this lock lets iptables-legacy wait: sets are written by then, rules are not. What flock starts has no part in the lock.
    const [command, ...args] = [...two.enter, 'flock', '-o', '/run/xtables.lock', 'sleep', '120']
    const holder = execa(command, args, {reject: false, stdio: 'ignore'})
    let said: Said
    try {
      const applying = npm('apply', '--node', 'node2', '--yes')
      const agents = async () => (await two.run('pgrep', ['-f', 'npm-agent serve'])).stdout.trim().split('\n')
      await until('rules are waited for', async () => (await two.run('pgrep', ['-f', 'iptables-legacy-restore'])).stdout !== '')
      expect((await contentOf(two)).npm).not.toEqual(broken.npm)
      await two.run('kill', ['-9', ...(await agents())])
      said = await applying
    } finally {
      holder.kill('SIGKILL')
      await holder
    }
    expect(said).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/rollback --list --node node2/)})
    await until('the next agent has looked', async () => /rolled back/.test((await statusOf()).stdout))
    expect(await contentOf(two)).toEqual(broken)
    const [recovery] = (await auditOf('node2')).filter(({verb}) => verb === 'recover')
    expect(recovery).toMatchObject({outcome: 'rolledBack', state: 'before', reason: 'its process ended before it did'})
    expect(await npm('apply', '--node', 'node2', '--yes')).toMatchObject({exitCode: 0})
    expect(await npm('diff', '--node', 'node2')).toMatchObject({exitCode: 0})
  })

  describe('who may', () => {
    const writing = [
      ['apply', '--yes'],
      ['rollback', '--yes'],
      ['confirm', '--node', 'node2'],
      ['flows', 'denied'],
    ]

    test.each(writing)('the viewer may not %s, and may look', async (...words) => {
      await bind(`viewer-${words[0]}`, 'kubectl-npm-viewer', 'viewer-user')
      const viewer = await cluster.kubeconfigFor('viewer-user')
      await breakMember()
      const before = await contentOf(cluster.node('node2'))
      try {
        await until('the binding counts', async () => (await npmAs(viewer, 'rollback', '--list')).exitCode === 0)
        expect(await npmAs(viewer, ...words)).toMatchObject({
          exitCode: 2,
          stderr: expect.stringMatching(/npm-operator[^]*--role=kubectl-npm-operator --user=viewer-user/),
        })
        expect(await contentOf(cluster.node('node2'))).toEqual(before)
        expect(await npmAs(viewer, 'apply', '--dry-run')).toMatchObject({exitCode: 1})
      } finally {
        await npm('apply', '--node', 'node2', '--yes')
      }
    })

    test('who has the operator role of another namespace, or no token, may not', async () => {
      const alice = await cluster.kubeconfigFor('alice')
      const {stdout} = await cluster.kubectl(['get', 'role', 'kubectl-npm-operator', '-n', 'kubectl-npm', '-o', 'json'])
      const {rules} = JSON.parse(stdout) as {rules: unknown}
      const role = {apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: {name: 'kubectl-npm-operator'}, rules}
      await cluster.kubectl(['create', '-n', 'street', '-f', '-'], {input: JSON.stringify(role)})
      await bind('alice', 'kubectl-npm-operator', 'alice', 'street')
      for (const words of writing)
        expect(await npmAs(alice, ...words)).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/forbidden/)})
    })

    test('who has the role of the operator may, and is told apart by the token', async () => {
      const alice = await cluster.kubeconfigFor('alice')
      await bind('alice', 'kubectl-npm-operator', 'alice')
      await breakMember()
      const applied = await until('the binding counts', async () => {
        const {exitCode, stdout} = await npmAs(alice, 'apply', '--node', 'node2', '--yes', '-o', 'json')
        return exitCode === 0 && (JSON.parse(stdout) as WriteResult)
      })
      expect(applied).toMatchObject({outcome: 'applied', state: 'after'})
      const {items} = JSON.parse(
        (await npmAs(alice, 'rollback', '--list', '--node', 'node2', '-o', 'json')).stdout,
      ) as WriteStatusList
      const by = items[0]?.restorePoints[0]?.by
      const asked = (await cluster.auditLines()).find(
        ({annotations}) => annotations?.['authentication.kubernetes.io/issued-credential-id'] === by,
      )
      expect(asked).toMatchObject({user: {username: 'alice'}})
    })
  })

  test('where agents were installed to read only nobody writes, and the way out is said', async () => {
    const installed = await npm('install', '--read-only')
    expect(installed).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('ServiceAccount kubectl-npm/npm-operator removed'),
    })
    const names = ['get', 'serviceaccounts,roles,rolebindings', '-n', 'kubectl-npm', '-o', 'name']
    expect((await cluster.kubectl(names)).stdout).not.toMatch(/operator/)
    await until('agents read only', async () => (await npm('status')).stdout.match(/read only/g)?.length === 2)
    const before = await contentOf(cluster.node('node2'))
    for (const words of [
      ['apply', '--node', 'node2', '--yes', '--remove'],
      ['rollback', '--node', 'node2', '--yes'],
      ['confirm', '--node', 'node2'],
    ])
      expect(await npm(...words)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/installed to read only[^]*kubectl npm install\./),
      })
    expect(await contentOf(cluster.node('node2'))).toEqual(before)
    expect((await npm('install')).stdout).toContain('ServiceAccount kubectl-npm/npm-operator created')
    expect(await breakAndApply()).toMatchObject({outcome: 'applied'})
  })

  test('uninstall takes rights and accounts away, and leaves the rules', async () => {
    const before = await Promise.all(cluster.nodes.map(contentOf))
    expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
    const kinds = 'serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings'
    const {stdout} = await cluster.kubectl(['get', kinds, '-A', '-l', 'app.kubernetes.io/part-of=kubectl-npm', '-o', 'name'])
    expect(stdout).toBe('')
    expect(await Promise.all(cluster.nodes.map(contentOf))).toEqual(before)
    expect(await npm('apply', '--yes')).toMatchObject({exitCode: 2, stderr: expect.stringContaining('kubectl npm install')})
  })
})
