import {once} from 'node:events'
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {createServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {kubectlNpm} from '../support/built-programs.ts'
import {type AgentProcess, startAgent} from '../support/cluster/agent-process.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {type Authority, makeAuthority} from '../support/pki.ts'
import {servePortForwards} from '../support/plugin/port-forward-server.ts'
import {type ControlPlane, startControlPlane} from './lab/control-plane.ts'
import {until} from './lab/wait.ts'

/**
 * All kinds of kubeconfigs that kubectl takes, from the plugin through a real API server to a real agent; only the kubelet
 * between them is a stand-in.
 */

interface Config {
  apiVersion: string
  kind: string
  clusters: {name: string; cluster: Record<string, unknown>}[]
  users: {name: string; user: Record<string, unknown>}[]
  contexts: {name: string; context: Record<string, unknown>}[]
  'current-context'?: string
}

describeControlPlane('kubeconfigs', () => {
  let cluster: ControlPlane
  let agent: AgentProcess
  let kubelet: ReturnType<typeof createServer>
  let folder: string
  let authority: Authority

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-kubeconfigs-'))
    authority = await makeAuthority(folder)
    cluster = await startControlPlane({apiServerFlags: [`--client-ca-file=${authority.certFile}`]})
    await cluster.kubectl(['apply', '-k', 'manifests/base'])
    agent = await startAgent(cluster, 'node1')
    const {certFile, keyFile} = cluster.certificate
    kubelet = createServer({cert: await readFile(certFile), key: await readFile(keyFile)})
    servePortForwards(kubelet, () => agent.port)
    await once(kubelet.listen(0, '127.0.0.1'), 'listening')
    await addNode((kubelet.address() as AddressInfo).port)
    await allow('kubectl-npm-viewer', 'alice')
  })
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]()
    kubelet?.closeAllConnections()
    kubelet?.close()
    await cluster?.[Symbol.asyncDispose]()
    if (folder) await rm(folder, {recursive: true})
  })

  async function addNode(port: number): Promise<void> {
    const {api} = cluster
    await api.request('POST', '/api/v1/nodes', {apiVersion: 'v1', kind: 'Node', metadata: {name: 'node1', labels: {pool: 'a'}}})
    const addresses = [{type: 'InternalIP', address: '127.0.0.1'}]
    const nodeStatus = {status: {addresses, daemonEndpoints: {kubeletEndpoint: {Port: port}}}}
    await merge(['node', 'node1'], nodeStatus)
    const labels = {'app.kubernetes.io/name': 'npm-relay'}
    const spec = {nodeName: 'node1', serviceAccountName: 'npm-relay', containers: [{name: 'relay', image: 'none'}]}
    const tolerations = [{operator: 'Exists'}]
    await api.request('POST', '/api/v1/namespaces/kubectl-npm/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {name: 'npm-relay-1', labels},
      spec: {...spec, tolerations},
    })
    await merge(['pod', 'npm-relay-1', '-n', 'kubectl-npm'], {
      status: {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]},
    })
  }
  const merge = (what: string[], patch: object) =>
    cluster.kubectl(['patch', ...what, '--subresource=status', '--type=merge', '-p', JSON.stringify(patch)])

  async function allow(role: string, who: string): Promise<void> {
    const subject = who.startsWith('group:') ? `--group=${who.slice('group:'.length)}` : `--user=${who}`
    const name = `${role}-${who.replaceAll(/[^a-z0-9]/g, '-')}`
    await cluster.kubectl(['create', 'rolebinding', name, '-n', 'kubectl-npm', '--role', role, subject])
  }

  /** The admin's kubeconfig, for another user. */
  async function config(user: Record<string, unknown>): Promise<Config> {
    const {stdout} = await cluster.kubectl(['config', 'view', '--raw', '--flatten', '-o', 'json'])
    const read = JSON.parse(stdout) as Config
    return {
      ...read,
      users: [{name: 'me', user}],
      contexts: [{name: 'here', context: {cluster: read.clusters[0]?.name, user: 'me'}}],
      'current-context': 'here',
    }
  }

  async function write(name: string, content: unknown): Promise<string> {
    const file = join(folder, name)
    await writeFile(file, JSON.stringify(content), {mode: 0o600})
    return file
  }

  /** The way that the tests go. */
  let via: 'kubectl' | 'library' = 'kubectl'

  const start = (kubeconfig: string, args: readonly string[]) =>
    execa(process.execPath, [kubectlNpm, ...args], {
      env: {KUBECONFIG: kubeconfig, NO_COLOR: '1', TMPDIR: folder, KUBECTL_NPM_VIA: via},
      reject: false,
      input: '',
    })

  async function expectAnswer(kubeconfig: string, args: readonly string[] = []): Promise<void> {
    const {stdout, stderr, exitCode} = await start(kubeconfig, ['translate', ...args])
    expect(stderr).not.toContain('error')
    expect(stdout).toContain('node node1, no Azure NPM')
    expect(exitCode).toBe(0)
    expect((await readdir(folder)).filter(name => name.startsWith('kubectl-npm-'))).toEqual([])
  }

  async function expectRefusal(kubeconfig: string, args: readonly string[], ...says: string[]): Promise<void> {
    const {stdout, stderr, exitCode} = await start(kubeconfig, ['translate', ...args])
    for (const words of says) expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(exitCode).toBe(2)
  }

  describe.each(['kubectl', 'library'] as const)('via %s', way => {
    beforeAll(() => {
      via = way
    })
    afterAll(() => {
      via = 'kubectl'
    })

    describe('let in', () => {
      test('a user with a token', async () => {
        await expectAnswer(await write('token', await config({token: cluster.tokenOf('alice')})))
      })

      test('a user with a token in a file', async () => {
        await writeFile(join(folder, 'alice.token'), cluster.tokenOf('alice'))
        await expectAnswer(await write('token-file', await config({tokenFile: 'alice.token'})))
      })

      test('a user with a client certificate', async () => {
        const {certFile, keyFile} = await authority.issue('alice', {name: 'CN=alice'})
        await expectAnswer(await write('certificate', await config({'client-certificate': certFile, 'client-key': keyFile})))
      })

      test('whoever may act as a user, or as a member of a group', async () => {
        if (via === 'kubectl') await allow('kubectl-npm-viewer', 'group:auditors')
        await expectAnswer(cluster.kubeconfig, ['--as', 'alice'])
        await expectAnswer(cluster.kubeconfig, [
          '--as',
          'mallory',
          '--as-group',
          'passers-by',
          '--as-group',
          'auditors',
          '--as-uid',
          '7',
        ])
        await expectAnswer(
          await write('as', await config({token: cluster.tokenOf('admin'), as: 'mallory', 'as-groups': ['auditors']})),
        )
        await expectRefusal(cluster.kubeconfig, ['--as', 'mallory'], 'User "mallory" cannot list resource "pods"')
      })

      test('a context, a cluster and a user that flags name, of files of which one is missing', async () => {
        const {clusters, users, ...rest} = await config({token: cluster.tokenOf('alice')})
        const nowhere = {name: 'nowhere', cluster: {server: 'https://127.0.0.1:1'}}
        const first = await write('first', {
          ...rest,
          clusters: [nowhere],
          users: [],
          contexts: [...rest.contexts, {name: 'elsewhere', context: {cluster: 'nowhere', user: 'me'}}],
          'current-context': 'elsewhere',
        })
        const second = await write('second', {...rest, clusters, users})
        const files = `${first}:${join(folder, 'missing')}:${second}`
        await expectAnswer(files, ['--context', 'here'])
        await expectAnswer(files, ['--cluster', clusters[0]?.name as string])
        await expectAnswer('', ['--kubeconfig', second, '--user', 'me'])
        // The current context of the first file counts.
        await expectRefusal(files, [], 'the API server cannot be reached', '127.0.0.1:1')
      })

      test('a node that its labels tell, for who may list nodes', async () => {
        await expectAnswer(cluster.kubeconfig, ['-l', 'pool=a'])
        await expectRefusal(cluster.kubeconfig, ['-l', 'pool=b'], '-l pool=b: no node has these labels')
        const alice = await write('alice', await config({token: cluster.tokenOf('alice')}))
        await expectRefusal(alice, ['-l', 'pool=a'], 'Needed is the right to list nodes in the whole cluster')
      })
    })

    describe('a login program', () => {
      const program = (command: string, rest: object = {}) => ({
        exec: {apiVersion: 'client.authentication.k8s.io/v1', command, args: [], interactiveMode: 'IfAvailable', ...rest},
      })

      async function writeProgram(name: string, lines: string): Promise<void> {
        await writeFile(join(folder, name), `#!/bin/sh\n${lines}\n`, {mode: 0o755})
      }
      const credential = () =>
        `echo '${JSON.stringify({apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: {token: cluster.tokenOf('alice')}})}'`

      test('beside the kubeconfig asks its question at once, and waits for the person', async () => {
        // The question ends without a line feed, as prompts do.
        await writeProgram(
          'login',
          `printf 'Open https://login and enter ABC: ' >&2; until [ -e "$(dirname "$0")/entered" ]; do sleep 0.05; done; ${credential()}`,
        )
        const running = start(await write('exec', await config(program('./login'))), ['translate'])
        let said = ''
        running.stderr?.on('data', chunk => {
          said += chunk
        })
        await until('the question is asked', async () => said.includes('Open https://login and enter ABC: '))
        await writeFile(join(folder, 'entered'), '')
        const {stdout, exitCode} = await running
        await rm(join(folder, 'entered'))
        expect(stdout).toContain('node node1')
        expect(exitCode).toBe(0)
      })

      test('that fails is told in its words', async () => {
        await writeProgram('broken', 'echo the device is locked >&2; exit 3')
        const file = await write('exec-broken', await config(program('./broken')))
        await expectRefusal(file, [], 'the device is locked', 'the login program of the kubeconfig failed', 'exit code 3')
      })

      test('that is not installed is told with the hint of the kubeconfig', async () => {
        const hint = {installHint: 'Get it from the portal.'}
        const file = await write('exec-missing', await config(program('no-such-login', hint)))
        await expectRefusal(file, [], 'no-such-login', 'Get it from the portal.')
      })
    })
  })

  describe('refuses', () => {
    test('a token that the API server does not know', async () => {
      const file = await write('bad', await config({token: 'wrong'}))
      for (const way of ['kubectl', 'library'])
        await expectRefusal(file, ['--via', way], 'the API server does not know you', 'log in again')
    })

    test.each([
      {user: 'bob', rights: [], missing: 'list pods'},
      {user: 'viewer-user', rights: [['pods', 'list']], missing: 'get pods/portforward'},
      {
        user: 'operator-user',
        rights: [
          ['pods', 'list'],
          ['pods/portforward', 'get'],
        ],
        missing: 'create pods/portforward',
      },
      {
        user: 'nobody',
        rights: [
          ['pods', 'list'],
          ['pods/portforward', 'get,create'],
        ],
        missing: 'create serviceaccounts/token of npm-viewer',
      },
    ])('$user, who has $rights and lacks $missing', async ({user, rights, missing}) => {
      for (const [index, [resource = '', verbs = '']] of rights.entries()) {
        const role = `${user}-${index}`
        await cluster.kubectl(['create', 'role', role, '-n', 'kubectl-npm', `--resource=${resource}`, `--verb=${verbs}`])
        await allow(role, user)
      }
      const file = await write(`rights-${user}`, await config({token: cluster.tokenOf(user)}))
      const words = `Needed is the right to ${missing} in namespace kubectl-npm. Role kubectl-npm-viewer has it.`
      // For want of `create` the API server gives no reason, and so no name.
      const name = missing === 'create pods/portforward' ? 'YOU' : user
      for (const way of ['kubectl', 'library'])
        await expectRefusal(file, ['--via', way], words, `--role=kubectl-npm-viewer --user=${name}`)
    })
  })

  test.each(['kubectl', 'library'])('the plugin asks the API server for what it needs and for nothing else: %s', async way => {
    const before = (await cluster.auditLines()).length
    await expectAnswer(await write('token', await config({token: cluster.tokenOf('alice')})), ['--via', way])
    const events = (await cluster.auditLines()).slice(before).filter(({user}) => user.username === 'alice')
    // kubectl itself may ask for the version, which everybody may.
    const asked = events
      .filter(({objectRef}) => objectRef)
      .map(({verb, objectRef}) =>
        [verb, [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/'), objectRef?.namespace].join(' '),
      )
    expect([...new Set(asked)].toSorted()).toEqual([
      'create serviceaccounts/token kubectl-npm',
      'get pods/portforward kubectl-npm',
      'list daemonsets kube-system',
      'list pods kubectl-npm',
    ])
  })

  describe('in a pod, without kubectl', () => {
    /** Runs the plugin with nothing but what a pod has. A mount namespace of its own has the files of the account. */
    async function inPod(args: readonly string[]) {
      const {stdout: token} = await cluster.kubectl(['create', 'token', 'visitor', '-n', 'default'])
      const files = join(folder, 'account')
      await mkdir(files, {recursive: true})
      await writeFile(join(files, 'token'), token)
      await writeFile(join(files, 'ca.crt'), await readFile(cluster.certificate.certFile))
      const {hostname, port} = new URL(cluster.url)
      const script = `mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$1" /run/secrets/kubernetes.io/serviceaccount && shift && exec env -i "$@"`
      const env = ['HOME=/nowhere', `TMPDIR=${folder}`, `KUBERNETES_SERVICE_HOST=${hostname}`, `KUBERNETES_SERVICE_PORT=${port}`]
      return execa('unshare', ['-m', 'sh', '-c', script, 'pod', files, ...env, process.execPath, kubectlNpm, ...args], {
        reject: false,
        input: '',
        cwd: folder,
      })
    }

    beforeAll(async () => {
      await cluster.kubectl(['create', 'serviceaccount', 'visitor', '-n', 'default'])
      await cluster.kubectl([
        'create',
        'clusterrolebinding',
        'visitor',
        '--clusterrole=cluster-admin',
        '--serviceaccount=default:visitor',
      ])
    })

    test.each([
      {args: ['translate'], says: 'node node1, no Azure NPM'},
      {args: ['diff'], says: 'node1', code: 1},
      {args: ['dump', '-o', 'pod.tgz'], says: ''},
      {args: ['top', '--once'], says: 'node1'},
      {args: ['version'], says: 'node1'},
      {args: ['install', '--dry-run', '--force-conflicts'], says: 'DaemonSet'},
    ])('$args', async ({args, says, code = 0}) => {
      const {stdout, stderr, exitCode} = await inPod(args)
      expect(stderr).not.toContain('error')
      expect(stdout).toContain(says)
      expect(exitCode).toBe(code)
    })
  })
})
