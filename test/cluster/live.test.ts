import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import {CLIENTS_SOCKET, LIVE_SOCKET, RELAY_GROUP, RELAY_PORT} from '../../core/contract/agent.ts'
import {driftListSchema, driftSchema} from '../../core/contract/drift.ts'
import {traceSchema} from '../../core/contract/trace.ts'
import packageFacts from '../../package.json' with {type: 'json'}
import {expectShown, type PageRun, runShown} from '../documents/page-output.ts'
import {builtFolder} from '../support/built-programs.ts'
import {agentImage} from '../support/cluster/agent-image.ts'
import {describeCluster} from '../support/cluster/describe.ts'
import {applyDemo, DEMO_PORT} from './lab/demo.ts'
import {programNodes} from './lab/program-nodes.ts'
import {type Cluster, startCluster} from './lab/real-cluster.ts'
import type {RunningPod} from './lab/running-pod.ts'
import {until} from './lab/wait.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FAR = join(ROOT, 'node_modules/.bin')
/** As a node calls what it was given. */
const OWN_IMAGE = `docker.io/kubectl-npm/agent:${packageFacts.version}`
/** As an image is called that a page brings into the cluster. */
const IMAGE = 'registry.example.com/kubectl-npm/agent:0.1.0'
const OLD = join(ROOT, 'test/fixtures/manifests/loopback-agents.yaml')

/** Where a person's pods are, and what the policies of the demo mean for each pair. */
const PODS = ['storefront/till', 'bakery/oven-1', 'bakery/oven-2', 'street/guest'] as const
const mayTalk = (from: string, to: string): boolean => !to.startsWith('bakery/') || from === 'storefront/till'

describeCluster('kubectl npm against a real cluster, nodes with nft and legacy rules', () => {
  let cluster: Cluster
  let pods: Map<string, RunningPod>
  let installed: PageRun

  beforeAll(async () => {
    cluster = await startCluster({images: [await agentImage()]})
    await applyDemo(cluster)
    for (const node of cluster.nodes) await node.run('ctr', ['--namespace', 'k8s.io', 'images', 'tag', OWN_IMAGE, IMAGE])
    installed = await runShown(
      'docs/verbs/install.md',
      'kubectl npm install --image registry.example.com/kubectl-npm/agent:0.1.0',
      asAdmin(),
    )
    await programNodes(cluster)
    pods = new Map()
    for (const name of PODS) pods.set(name, await cluster.pod(...(name.split('/') as [string, string])))
  })
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  interface Said {
    readonly stdout: string
    readonly stderr: string
    readonly exitCode?: number | undefined
  }

  const asAdmin = () => ({env: {...cluster.env, PATH: `${builtFolder}:${FAR}:${process.env['PATH']}`}})

  /** Runs `kubectl npm` as a person would, with the bundle on the path. */
  async function npmAs(kubeconfig: string, ...args: string[]): Promise<Said> {
    const {env} = asAdmin()
    return execa('kubectl', ['npm', ...args], {env: {...env, KUBECONFIG: kubeconfig}, reject: false})
  }
  const npm = (...args: string[]): Promise<Said> => npmAs(cluster.kubeconfig, ...args)

  const podOf = (name: string): RunningPod => pods.get(name) as RunningPod

  /** A real connection from one pod to another. */
  async function connects(from: string, to: string): Promise<boolean> {
    const args = ['nc', '-w', '2', podOf(to).ip, String(DEMO_PORT)]
    const {stdout} = await podOf(from).run('busybox', args, {allowFailure: true})
    return stdout.trim() === podOf(to).name
  }

  test('installing says what it makes', () => expectShown(installed))

  test('installing again changes nothing', async () => {
    const {stdout, exitCode} = await npm('install', '--image', IMAGE)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/DaemonSet kubectl-npm-node\/npm-agent unchanged/)
    expect(stdout).toMatch(/DaemonSet kubectl-npm\/npm-relay unchanged/)
    expect(stdout).not.toMatch(/ created$| changed$/m)
  })

  test('the agents compare both nodes with the policies and find them clean', async () => {
    const {stdout, exitCode} = await npm('diff', '-o', 'json')
    const {items, failures} = driftListSchema.parse(JSON.parse(stdout))
    expect(items.map(({node, clean}) => [node, clean])).toEqual([
      ['node1', true],
      ['node2', true],
    ])
    expect([failures, exitCode]).toEqual([[], 0])
  })

  test('for every pair the policies, the walk over live nodes and a real connection agree', async () => {
    for (const from of PODS)
      for (const to of PODS) {
        if (from === to) continue
        const {stdout, exitCode} = await npm('trace', from, to, '--port', String(DEMO_PORT), '-o', 'json')
        const {verdict, expected} = traceSchema.parse(JSON.parse(stdout))
        const passes = mayTalk(from, to)
        expect({from, to, verdict, meant: expected?.verdict, exitCode, connects: await connects(from, to)}).toEqual({
          from,
          to,
          verdict: passes ? 'accept' : 'drop',
          meant: passes ? 'accept' : 'drop',
          exitCode: passes ? 0 : 1,
          connects: passes,
        })
      }
  })

  test('a member taken away by hand on the legacy node is found from the laptop, and shows in the packets', async () => {
    const till = podOf('storefront/till').ip
    const node = cluster.node('node2')
    const {stdout: before} = await node.run('ipset', ['save'])
    const set = /^add (\S+) /.exec(before.split('\n').find(line => line.endsWith(` ${till}`)) ?? '')?.[1] as string
    await node.run('ipset', ['del', set, till])
    try {
      const {stdout, exitCode} = await npm('diff', '--node', 'node2', '-o', 'json')
      const {clean, items} = driftSchema.parse(JSON.parse(stdout))
      expect({clean, exitCode}).toEqual({clean: false, exitCode: 1})
      expectShown(await runShown('docs/install.md', 'kubectl npm diff', asAdmin()), 'address')
      expect(items).toMatchObject([{kind: 'member', change: 'missing', kernelName: set, expected: till, effect: 'closed'}])
      const traced = await npm('trace', 'storefront/till', 'bakery/oven-2', '--port', String(DEMO_PORT))
      expect(traced.exitCode).toBe(1)
      expect(traced.stdout).toMatch(
        /THE NODE DOES NOT DO WHAT THE POLICIES SAY\n.*likely reason: node node2: pod storefront\/till \(\S+\) is missing in /s,
      )
      expect(await connects('storefront/till', 'bakery/oven-2')).toBe(false)
    } finally {
      await node.run('ipset', ['add', set, till])
    }
    expect((await npm('diff')).exitCode).toBe(0)
    expect(await connects('storefront/till', 'bakery/oven-2')).toBe(true)
  })

  test('translate and sets answer for each node, or the one that is chosen, and name every set', async () => {
    const all = await npm('translate')
    expect(all.exitCode).toBe(0)
    expect(all.stdout.match(/^node \S+,/gm)).toEqual(['node node1,', 'node node2,'])
    expect(all.stdout).toMatch(/\n2 nodes, 2 policies\n*$/)
    const {stdout} = await npm('translate', '--pod', 'bakery/oven-2')
    expect(stdout).toMatch(/node node2, Azure NPM v2, .*iptables legacy/)
    expect(stdout).toContain('allow tcp/web from pods app=till in namespaces kubernetes.io/metadata.name=storefront')
    expect((await npm('sets', 'app=oven', '--node', 'node1')).stdout).toContain('bakery/oven-1')
  })

  test('a person with the role may read, and the plugin asks the API server for nothing that the role has not', async () => {
    const viewer = await cluster.kubeconfigFor('viewer-user')
    const refused = await npmAs(viewer, 'diff')
    expect(refused.exitCode).toBe(2)
    expect(refused.stderr).toMatch(/pods.*kubectl-npm-viewer/s)
    for (const namespace of ['kubectl-npm', 'kube-system']) {
      const binding = [
        'create',
        'rolebinding',
        'viewer',
        '-n',
        namespace,
        '--role',
        'kubectl-npm-viewer',
        '--user',
        'viewer-user',
      ]
      await cluster.kubectl(binding)
    }
    const before = (await cluster.auditLines()).length
    const {stdout} = await until('the binding counts', async () => {
      const said = await npmAs(viewer, 'diff', '-o', 'json')
      return said.exitCode === 0 && said
    })
    expect(driftListSchema.parse(JSON.parse(stdout)).items).toHaveLength(2)
    const used = (await cluster.auditLines()).slice(before).filter(({user}) => user.username === 'viewer-user')
    // URLs that are no resource, such as /version, are everybody's.
    const rights = used
      .filter(({objectRef}) => objectRef !== undefined)
      .map(({verb, objectRef: {namespace, resource, subresource, name} = {}}) =>
        [verb, namespace, [resource, subresource].filter(Boolean).join('/'), resource === 'serviceaccounts' ? name : '']
          .join(' ')
          .trim(),
      )
    const allowed = new Set([
      'list kubectl-npm pods',
      'list kube-system daemonsets',
      'get kubectl-npm pods/portforward',
      'create kubectl-npm pods/portforward',
      'create kubectl-npm serviceaccounts/token npm-viewer',
    ])
    expect(rights.filter(right => !allowed.has(right))).toEqual([])
    expect(rights).toContain('create kubectl-npm serviceaccounts/token npm-viewer')
  })

  test('status and version tell of every agent', async () => {
    const status = JSON.parse((await npm('status', '-o', 'json')).stdout)
    expect(status.items).toMatchObject([
      {node: 'node1', backend: 'nft', knowledge: {state: 'live', policies: 2}},
      {node: 'node2', backend: 'legacy', knowledge: {state: 'live', policies: 2}},
    ])
    expectShown(await runShown('docs/verbs/status.md', 'kubectl npm status', asAdmin()), 'time', 'load', 'version')
    const runs = [
      runShown(
        'docs/verbs/status.md',
        'kubectl npm status -o custom-columns=NODE:.node,BACKEND:.backend,POLICIES:.knowledge.policies',
        asAdmin(),
      ),
      runShown(
        'docs/verbs/status.md',
        `kubectl npm status -o json | jq -r '.kind, (.items[] | [.node, .version] | @tsv)'`,
        asAdmin(),
      ),
      runShown('docs/verbs/version.md', 'kubectl npm version', asAdmin()),
      runShown(
        'docs/verbs/version.md',
        `kubectl npm version -o jsonpath='{range .agents[*]}{.version}{"\\n"}{end}' | sort -u`,
        asAdmin(),
      ),
    ]
    for (const run of await Promise.all(runs)) expectShown(run, 'version')
  })

  test('a dump of both nodes is read offline', async () => {
    const file = join(cluster.folder, 'both.tgz')
    expect(await npm('dump', '-o', file)).toMatchObject({exitCode: 0, stdout: file})
    expect(await npm('dump', '-o', file)).toMatchObject({exitCode: 2, stderr: expect.stringContaining('it is there already')})
    const offline = ['--port', String(DEMO_PORT), '--from', file, '-o', 'json']
    const {stdout} = await npm('trace', 'storefront/till', 'bakery/oven-2', ...offline)
    const {verdict, trail} = traceSchema.parse(JSON.parse(stdout))
    expect([verdict, new Set(trail.map(({node}) => node))]).toEqual(['accept', new Set(['node1', 'node2'])])
    expect((await npm('diff', '--from', file, '--node', 'node2')).exitCode).toBe(0)
  })

  test('a dump has the logs of Azure NPM, or tells that the right on them is missing', async () => {
    const labels = ['--namespace=kube-system', '--labels=k8s-app=azure-npm', '--image=docker.io/local/box:1']
    const overrides = {spec: {nodeName: 'node1', hostNetwork: true, tolerations: [{operator: 'Exists'}]}}
    const says = ['--restart=Never', '--command', '--image-pull-policy=Never', `--overrides=${JSON.stringify(overrides)}`]
    await cluster.kubectl(['run', 'azure-npm-1', ...labels, ...says, '--', 'sh', '-c', 'echo bakery/oven-1 is new'])
    try {
      const log = () => cluster.kubectl(['logs', '-n', 'kube-system', 'azure-npm-1'], {allowFailure: true})
      await until('the pod has said it', async () => (await log()).stdout.includes('is new'))
      const folder = join(cluster.folder, 'with-logs')
      expect(await npm('dump', '-o', folder)).toMatchObject({exitCode: 0})
      expect(await readFile(join(folder, 'nodes/node1/npm.log'), 'utf8')).toBe('bakery/oven-1 is new\n')
      const redacted = join(cluster.folder, 'redacted')
      expect(await npm('dump', '--redact', '--from', folder, '-o', redacted)).toMatchObject({exitCode: 0})
      const {stdout} = await execa('grep', ['-rlwE', 'bakery|storefront|oven-[12]|node[12]', redacted], {reject: false})
      expect(stdout).toBe('')
      const manifest = JSON.parse(await readFile(join(redacted, 'dump.json'), 'utf8')) as {nodes: {name: string}[]}
      for (const {name} of manifest.nodes)
        expect(await npm('diff', '--from', redacted, '--node', name)).toMatchObject({exitCode: 0})
      // The viewer of an earlier test has no right on pods of kube-system.
      const without = await npmAs(await cluster.kubeconfigFor('viewer-user'), 'dump', '-o', join(cluster.folder, 'without'))
      expect(without).toMatchObject({
        exitCode: 0,
        stderr: expect.stringMatching(/warning: npm\.log: Azure NPM's logs are not in/),
      })
    } finally {
      await cluster.kubectl(['delete', 'pod', '-n', 'kube-system', 'azure-npm-1', '--now'])
    }
  })

  /** The pod of a node's relay or agent. */
  async function podOn(node: string, namespace: 'kubectl-npm' | 'kubectl-npm-node'): Promise<string> {
    const what = [
      'get',
      'pods',
      '-n',
      namespace,
      '--field-selector',
      `spec.nodeName=${node}`,
      '-o',
      'jsonpath={.items[*].metadata.name}',
    ]
    return (await cluster.kubectl(what)).stdout
  }

  describe('who may forward ports reaches agents, and nothing else of a node', () => {
    /** What comes back from a port of a pod, by kubectl port-forward as the viewer; with what kubectl says. */
    async function through(namespace: 'kubectl-npm' | 'kubectl-npm-node', pod: string, port: number) {
      const env = {...process.env, ...cluster.env, KUBECONFIG: await cluster.kubeconfigFor('viewer-user')}
      const forward = execa('kubectl', ['port-forward', '-n', namespace, `pod/${pod}`, `:${port}`], {env, reject: false})
      let said = ''
      for (const stream of [forward.stdout, forward.stderr])
        stream.on('data', (chunk: Buffer) => {
          said += chunk.toString()
        })
      try {
        await until('kubectl has begun or failed', async () => /Forwarding from|rror/.test(said))
        const [, local] = /127\.0\.0\.1:(\d+) /.exec(said) ?? []
        if (local === undefined) return {answer: undefined, said}
        const {stdout: answer} = await execa('curl', ['-s', '-m', '5', `http://127.0.0.1:${local}/healthz`], {reject: false})
        await until('kubectl has said how it went', async () => answer !== '' || said.includes('refused'))
        return {answer, said}
      } finally {
        forward.kill('SIGKILL')
        await forward
      }
    }

    test.each([10_248, 10_249, 10_250, 10_256])('port %i of a relay is nobody, though it is somebody on the node', async port => {
      const node = cluster.node('node1')
      // Else nothing were shown.
      expect((await node.run('ss', ['-Hltn', `sport = :${port}`])).stdout).toContain(`:${port}`)
      const {answer, said} = await through('kubectl-npm', await podOn('node1', 'kubectl-npm'), port)
      expect(answer).toBe('')
      expect(said).toMatch(/connection refused/)
    })

    test('a port of an agent may not be forwarded', async () => {
      const {answer, said} = await through('kubectl-npm-node', await podOn('node1', 'kubectl-npm-node'), 10_249)
      expect(answer).toBeUndefined()
      expect(said).toMatch(/"viewer-user" cannot get resource "pods"/)
    })
  })

  describe('a neighbour on the host network', () => {
    test('finds no port of ours', async () => {
      const {stdout} = await cluster.node('node1').run('ss', ['-Hltnup'])
      const programs = [...stdout.matchAll(/users:\(\("([^"]+)"/g)].map(([, name]) => name)
      expect(programs).toContain('kubelet')
      for (const ours of ['node', 'npm-agent', 'MainThread', 'socat']) expect(programs).not.toContain(ours)
    })

    test('may not open a socket of ours, nor look where they are', async () => {
      const node = cluster.node('node1')
      const {stdout} = await node.run('stat', ['-c', '%a %u %g', '/run/kubectl-npm', CLIENTS_SOCKET, LIVE_SOCKET])
      expect(stdout.trim().split('\n')).toEqual([`750 0 ${RELAY_GROUP}`, `660 0 ${RELAY_GROUP}`, `660 0 ${RELAY_GROUP}`])
      const connect = (who: string[]) =>
        node.run(
          'setpriv',
          [...who, '/usr/bin/python3', '-c', `import socket; socket.socket(socket.AF_UNIX).connect('${CLIENTS_SOCKET}')`],
          {
            allowFailure: true,
          },
        )
      const stranger = ['--reuid=1000', '--regid=1000', '--clear-groups']
      expect(await connect(stranger)).toMatchObject({exitCode: 1, stderr: expect.stringContaining('PermissionError')})
      // Else nothing were shown.
      expect(await connect([`--reuid=${RELAY_GROUP}`, `--regid=${RELAY_GROUP}`, '--clear-groups'])).toMatchObject({exitCode: 0})
    })

    test("cannot answer in an agent's place while it is away", async () => {
      const node = cluster.node('node1')
      // Takes whatever comes on the relay's port, on all addresses of the node, and says so.
      const listen = `import socket
s = socket.create_server(('0.0.0.0', ${RELAY_PORT}))
print('listening', flush=True)
while True:
    s.accept()
    print('caught', flush=True)`
      const [command, ...args] = [...node.enter, 'python3', '-c', listen]
      const impostor = execa(command, args, {reject: false})
      let heard = ''
      impostor.stdout.on('data', (chunk: Buffer) => {
        heard += chunk.toString()
      })
      try {
        await until('the impostor listens', async () => heard.includes('listening'))
        await cluster.kubectl([
          'delete',
          'pod',
          '-n',
          'kubectl-npm-node',
          await podOn('node1', 'kubectl-npm-node'),
          '--wait=false',
        ])
        const failures = new Set<string>()
        await until('the agent is away and back', async () => {
          const {exitCode, stderr} = await npm('translate', '--node', 'node1')
          if (exitCode !== 0) failures.add(stderr)
          return failures.size > 0 && exitCode === 0
        })
        for (const failure of failures) expect(failure).toMatch(/^error: node node1: /m)
        expect(heard.trim()).toBe('listening')
      } finally {
        impostor.kill('SIGKILL')
        await impostor
      }
    })
  })

  test('while the API server is away, root of a node still gets a comparison, and hears how old its other half is', async () => {
    await cluster.stopApiServer()
    try {
      const node = cluster.node('node1')
      const asRoot = (words: string) =>
        node.run('sh', ['-c', `PATH=${FAR}:$PATH exec ${builtFolder}/kubectl-npm ${words} --local`], {allowFailure: true})
      const said = await until('the agent has noticed', async () => {
        const each = await asRoot('diff')
        return each.stderr.includes('the cluster objects are those of') && each
      })
      expect(said).toMatchObject({exitCode: 0, stdout: expect.stringContaining('clean')})
      // A dump that root takes then has the agent's half too, which may not be the whole any more, and can be compared elsewhere.
      const taken = join(cluster.folder, 'node1.tgz')
      expect(await asRoot(`dump -o ${taken}`)).toMatchObject({
        exitCode: 1,
        stdout: `${taken}\n`,
        stderr: expect.stringContaining('the cluster objects are those of'),
      })
      expect(await npm('diff', '--from', taken)).toMatchObject({exitCode: 0, stdout: expect.stringContaining('clean')})
      const remote = await npm('diff')
      expect(remote).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/API server cannot be reached/)})
    } finally {
      await cluster.startApiServer()
    }
    await until('the agents follow the cluster again', async () => (await npm('diff')).exitCode === 0)
  })

  test('uninstalling leaves nothing', async () => {
    expectShown(await runShown('docs/verbs/uninstall.md', 'kubectl npm uninstall', asAdmin()))
    // The RoleBinding that it tells of is the viewer's, of the test above.
    expectShown(await runShown('docs/verbs/uninstall.md', 'kubectl npm uninstall --yes', asAdmin()), 'waiting')
    const left = await cluster.kubectl([
      'get',
      'clusterroles,clusterrolebindings,namespaces',
      '-A',
      '-l',
      'app.kubernetes.io/part-of=kubectl-npm',
      '-o',
      'name',
    ])
    expect(left.stdout).toBe('')
    expectShown(await runShown('docs/verbs/uninstall.md', 'kubectl npm uninstall --yes; echo $?', asAdmin()))
    const again = await npm('diff')
    expect(again).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/no agent runs.*kubectl npm install/s)})
  })

  test('agents of before there were relays are upgraded, and those who had a role still have it', async () => {
    // They are told by their objects; the program in them is today's, so their probes would find no port.
    const manifests = parseAllDocuments(await readFile(OLD, 'utf8')).map(document => document.toJS())
    const [container] = manifests.find(({kind}) => kind === 'DaemonSet').spec.template.spec.containers
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) delete container[probe]
    const input = JSON.stringify({apiVersion: 'v1', kind: 'List', items: manifests})
    await cluster.kubectl(['apply', '--server-side', '--field-manager=kubectl-npm', '-f', '-'], {input})
    const binding = [
      'create',
      'rolebinding',
      'viewer',
      '-n',
      'kubectl-npm',
      '--role',
      'kubectl-npm-viewer',
      '--user',
      'viewer-user',
    ]
    await cluster.kubectl(binding)
    await cluster.kubectl(['rollout', 'status', 'daemonset/npm-agent', '-n', 'kubectl-npm', '--timeout', '60s'])
    expect(await npm('diff')).toMatchObject({exitCode: 2, stderr: expect.stringMatching(/older version.*kubectl npm install/s)})
    const {exitCode, stdout, stderr} = await npm('install')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('DaemonSet kubectl-npm/npm-agent removed')
    expect(stderr).toContain('older agents have to end first')
    expect(stderr).not.toContain('warning: older agents are still there')
    // The relays are pods of other addresses than before.
    await programNodes(cluster)
    const viewer = await cluster.kubeconfigFor('viewer-user')
    for (const verb of ['status', 'diff']) expect(await npmAs(viewer, verb)).toMatchObject({exitCode: 0})
    expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
  })

  describe('an agent for one node', () => {
    /** The phase of its pod, or of its relay's, which is the only one. */
    async function phase(namespace = 'kubectl-npm-node'): Promise<string> {
      const what = ['get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].status.phase}']
      return (await cluster.kubectl(what)).stdout
    }

    /** A plugin that stays connected to it, until it is killed without a word. */
    function startWatching() {
      // A killed plugin leaves its temporary folder, which then goes with the cluster.
      const env = {...process.env, ...cluster.env, PATH: `${builtFolder}:${FAR}:${process.env['PATH']}`, TMPDIR: cluster.folder}
      // A process group: what the killed plugin leaves behind goes with it.
      const watching = spawn('kubectl', ['npm', 'status', '--watch', '-o', 'json'], {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      })
      return {
        connected: once(watching.stdout, 'data'),
        kill: () => process.kill(-(watching.pid as number), 'SIGKILL'),
      }
    }

    test('ends when its time is over, though it is used, and leaves nothing', async () => {
      expect(await npm('install', '--ephemeral', '--node', 'nowhere')).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('there is no node nowhere'),
      })
      const said = await npm('install', '--ephemeral', '--node', 'node2', '--for', '20s')
      expect(said).toMatchObject({exitCode: 0, stderr: expect.stringMatching(/pod npm-agent-ephemeral-\w+ is ready/)})
      for (const namespace of ['kubectl-npm', 'kubectl-npm-node']) {
        const where = ['get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].spec.nodeName}']
        expect((await cluster.kubectl(where)).stdout).toBe('node2')
      }
      // The relay is a pod of which the node has not heard.
      await programNodes(cluster)
      expect(await npm('diff')).toMatchObject({exitCode: 0, stdout: expect.stringContaining('node2')})
      const watching = startWatching()
      try {
        await watching.connected
        for (const namespace of ['kubectl-npm-node', 'kubectl-npm'])
          await until('its time is over', async () => /Succeeded|Failed/.test(await phase(namespace)))
      } finally {
        watching.kill()
      }
      expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
      expect((await cluster.kubectl(['get', 'namespaces', '-o', 'name'])).stdout).not.toContain('kubectl-npm')
    })

    test('ends by itself when the plugin is gone', async () => {
      const started = await runShown('docs/verbs/install.md', 'kubectl npm install --ephemeral --node node1 --for 10m', asAdmin())
      expectShown(started, 'suffix')
      const watching = startWatching()
      await watching.connected.finally(watching.kill)
      expect(await phase()).toBe('Running')
      await until('it has ended', async () => (await phase()) === 'Succeeded')
      await until('its relay has ended', async () => /Succeeded|Failed/.test(await phase('kubectl-npm')))
      expect(await npm('diff')).toMatchObject({exitCode: 2, stderr: expect.stringContaining('does not run (Succeeded)')})
      expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
    })
  })
})
